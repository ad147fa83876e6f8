"""From histories to figures as data: what is a line, smoothed, grouped, coloured, or left to the background."""
