"""Cross-domain RL experiments: plan curricula, train them with GRPO, measure transfer, order and interference."""

__version__ = "0.1.0"
