"""Models on disk: sources, the tiny preset, checkpoints (full or adapter), prompts as a model sees them."""
