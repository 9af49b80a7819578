"""Sources of rows, one kind per file."""
