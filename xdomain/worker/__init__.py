"""Run the stages of one task: take the leases, train or evaluate, publish."""

import os

# huggingface_hub reads it when it is imported, which the modules of this package do.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
