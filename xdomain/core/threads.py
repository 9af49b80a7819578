"""The environment variables that say how many threads a process's libraries start."""

from __future__ import annotations

import os


def thread_environment(threads: int) -> dict[str, str]:
    """Return the variables for a process that computes with `threads` threads.

    OpenMP and MKL read theirs when torch is imported. The tokenizers package would warn at every fork if its own
    threads were on, so they are off unless the user's environment says otherwise.
    """
    return {
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": os.environ.get("TOKENIZERS_PARALLELISM", "false"),
    }
