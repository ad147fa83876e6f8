"""The headless view of a comparison: which runs, how they are drawn, what the table says. No widget in here."""
