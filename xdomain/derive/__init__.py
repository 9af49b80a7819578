"""Stages that make a checkpoint from others without training."""
