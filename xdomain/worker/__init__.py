"""Run the stages of one task: take their leases, train or evaluate, publish."""
