"""Sources: where rows come from, one kind a file."""
