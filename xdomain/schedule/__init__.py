"""Start workers for the stages of a plan: locally, on Ray, on Slurm. No torch; the worker does the work."""
