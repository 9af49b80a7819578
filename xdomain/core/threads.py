"""Environment variables that set the number of threads of a process's libraries."""

from __future__ import annotations

import os


def thread_environment(threads: int) -> dict[str, str]:
    """Return the variables for a process that computes with `threads` threads.

    OpenMP and MKL read their variables when torch is imported. The threads of the tokenizers package are disabled,
    unless the user's environment enables them, because the package would warn at every fork.
    """
    return {
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": os.environ.get("TOKENIZERS_PARALLELISM", "false"),
    }
