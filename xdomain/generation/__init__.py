"""Sampling completions for evaluation. Rollouts inside training stay TRL's own."""
