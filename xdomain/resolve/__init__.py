"""Look up the parts of an identity that can only be read from files."""
