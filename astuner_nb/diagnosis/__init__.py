"""What the curves of a run say, in words, each with its numbers."""
