"""`xdomain grid`, one module per command."""
