"""The page that the daemon serves, and what phones send to it."""
