"""Settings: one model is the source of every default, range and text."""
