"""Turn an experiment into a graph of stages. This package is pure: it reads no files and does not import torch."""
