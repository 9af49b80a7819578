"""Questions drawn from a generator: endless, versioned, with a verifier of their own."""
