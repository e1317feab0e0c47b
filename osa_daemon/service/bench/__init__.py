"""What the whole chain costs and how late it tells: the measurements of `scripts/bench`."""
