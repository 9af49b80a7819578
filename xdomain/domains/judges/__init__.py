"""Asking a language model to judge: fenced prompts, strict replies, answers kept by content."""
