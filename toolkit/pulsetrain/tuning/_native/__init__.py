"""The built-in engine's peak search: peakfinder8 on each pattern, and a cache of what does not change."""
