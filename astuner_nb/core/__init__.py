"""Frozen values and seams that every other room speaks in. Knows no network, no widget, no file but its own tables."""
