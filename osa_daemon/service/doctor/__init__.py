"""`osa-daemon doctor`: what keeps the daemon from its work, and what one needs to tell of it."""
