"""Run directories: follow, read, list and compact them. Knows no widget and no vendor."""
