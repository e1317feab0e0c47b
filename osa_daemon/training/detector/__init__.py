"""The detector's training: features of simulated nights, network, operating points, export."""
