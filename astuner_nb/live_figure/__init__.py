"""A plotly figure that is a widget and to which points are appended. Knows nothing of runs, stores or panels."""
