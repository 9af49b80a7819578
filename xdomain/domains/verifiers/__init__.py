"""Verifiers, one definition of a right answer per file."""
