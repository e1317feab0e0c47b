"""How many beds one broker carries: `scripts/load_beds`."""
