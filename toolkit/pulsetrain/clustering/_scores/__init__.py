"""Parts of the physics scores: empty frames, the envelope of a pattern, and its autocorrelation."""
