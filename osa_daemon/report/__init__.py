"""Report: what the journal holds of a night, as documents for people and other programs."""
