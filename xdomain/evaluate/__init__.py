"""Evaluation: generate completions, judge them, and write item records."""
