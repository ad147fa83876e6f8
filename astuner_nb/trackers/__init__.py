"""Runs that are kept elsewhere: one vendor, one folder, each with its readers and its sink. Knows no job, no widget."""
