"""Histories become a picture as data, and a change from the last picture. Knows no widget."""
