"""Finders of why a run failed or went wrong: its last words held against the diagnoses, and its losses."""
