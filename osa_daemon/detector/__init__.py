"""Detector: features become probabilities at 5 Hz."""
