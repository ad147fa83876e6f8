"""Weights & Biases: its cloud or a server of one's own, its run files, and logging to it."""
