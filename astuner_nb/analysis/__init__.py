"""What curves and configurations say: pure functions on arrays, histories and mappings. Knows no file and no widget."""
