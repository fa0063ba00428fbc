"""Still diffraction of small crystals, step by step: reflections, spots on the detector, photons, noise."""
