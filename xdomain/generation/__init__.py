"""Sample completions for evaluation. Rollouts in training are TRL's own."""
