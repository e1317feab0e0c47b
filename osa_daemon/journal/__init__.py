"""Journal: events, nights and the outbox, durable in SQLite."""
