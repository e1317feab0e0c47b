"""The detector beside others: ablations, baselines and generators that it was not trained on."""
