"""Byte-level readers that several vendors' files share. Standard library only."""
