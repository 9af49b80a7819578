"""Judges: ask a language model with fenced prompts, read its reply strictly, keep answers by content."""
