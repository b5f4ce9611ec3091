"""What a message says: patterns, converters, records, and the ledger of all lines."""
