"""Single-particle diffraction, step by step: shapes, beam and plane, conditions of a run, detector, frames, files."""
