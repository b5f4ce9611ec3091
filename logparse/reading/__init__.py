"""Bytes in, facts out: input, lines, patterns, records, the text format, series of numbers."""
