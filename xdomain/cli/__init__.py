"""The command line. Thin: commands read, call and render; nothing is computed here."""
