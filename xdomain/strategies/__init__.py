"""Training strategies for mixed phases: one method a file, torch but never trl, over one interface (`base`)."""
