"""What every line has: its header, its time, its text."""
