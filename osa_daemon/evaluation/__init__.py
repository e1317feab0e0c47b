"""How good it is: nights with a known truth, what was decided on them, figures and tables."""
