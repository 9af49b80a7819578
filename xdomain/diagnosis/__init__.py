"""Explain a finished stage from its weights and its stored answers: edits, KL, line scan, attribution."""
