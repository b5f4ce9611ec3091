"""What was read and what follows from it → tables of raw values: one module a table, listed in `catalogue.py`."""
