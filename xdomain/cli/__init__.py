"""The command line. Commands parse options, call the library and print results. Nothing is computed here."""
