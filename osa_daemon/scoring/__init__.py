"""Scoring: frames become respiratory events, the state in progress, alerts and nights."""
