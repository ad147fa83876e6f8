"""Curves in plain tables: verl's JSON lines, CSV, Parquet."""
