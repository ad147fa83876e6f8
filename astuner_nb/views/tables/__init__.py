"""Runs in rows, what differs among them, what can be slid, and what people wrote about them."""
