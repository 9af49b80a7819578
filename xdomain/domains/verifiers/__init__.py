"""Verifiers: one idea of being right a file."""
