"""Run the stages of one task: take the leases, train or evaluate, publish."""
