"""What is taken away: reports, static pictures, long tables."""
