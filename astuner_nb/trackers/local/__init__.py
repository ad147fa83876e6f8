"""Our own run store, opened like any other source."""
