"""Training, off the Pi: synthesis, simulation, training, export, evaluation."""
