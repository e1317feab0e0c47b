"""Readers of scored recordings, one module a format; each makes reference nights."""
