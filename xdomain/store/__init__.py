"""The run directory: the only owner of what is on disk."""
