"""From an experiment to a graph of stages. Pure: no files, no torch."""
