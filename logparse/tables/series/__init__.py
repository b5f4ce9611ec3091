"""The solver's lines as columns of numbers: where each belongs, and what they tell together.

Every module here loads numpy, and the tables load these modules when they are built: naming tables and columns needs
neither.
"""
