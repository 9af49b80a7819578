"""Domains: the source of items, the verifier that judges completions, and the reward that they earn."""
