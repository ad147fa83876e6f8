"""What a view shows, and how: one frozen value, its checks, and its form as a short text."""
