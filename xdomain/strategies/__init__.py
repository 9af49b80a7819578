"""Training strategies for mixed phases: one method per file, over the interface in `base`, with torch but never trl."""
