"""Frozen values and seams that every other room speaks in. Knows no network and no widget, and no file but its own tables."""
