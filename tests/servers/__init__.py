"""Servers that speak the protocols of trackers, for real clients to talk to."""
