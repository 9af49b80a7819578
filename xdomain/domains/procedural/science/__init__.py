"""Procedural science for real models: six topics, three levels, open questions and four options."""
