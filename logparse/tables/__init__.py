"""Model and costs → DataFrames of raw values, described by the column registry."""
