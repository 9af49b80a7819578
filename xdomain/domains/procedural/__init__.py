"""Generators of questions: endless, versioned, and with their own verifiers."""
