"""Images of two conditions, step by step: objects of three families, the instrument, frames, files."""
