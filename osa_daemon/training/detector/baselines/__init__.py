"""What the detector is put beside: other ways to find pauses in the same nights."""
