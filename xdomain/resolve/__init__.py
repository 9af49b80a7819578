"""Look up what identity needs and only files can tell."""
