"""`xdomain grid`, with one module per command."""
