"""Frozen values and seams that every other room speaks in. Knows no file, no network, no widget."""
