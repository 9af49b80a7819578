"""Evaluation: generate, score, write item records."""
