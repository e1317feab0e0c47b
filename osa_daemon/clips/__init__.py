"""Sound around pauses that is kept where the settings ask for it: cut, sealed, stored, deleted."""
