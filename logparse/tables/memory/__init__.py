"""What a run holds in memory, where it ran out, and what a change would make of it."""
