"""Service: wiring, threads, clock, systemd, signals."""
