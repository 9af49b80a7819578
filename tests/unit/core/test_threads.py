"""The variables that set a process's number of threads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from xdomain.core.threads import thread_environment


def test_torch_starts_with_so_many_threads() -> None:
    code = "import torch; print(torch.get_num_threads())"
    for threads in (1, 2):
        ended = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | thread_environment(threads),
            capture_output=True,
            text=True,
            check=True,
        )
        assert int(ended.stdout) == threads


def test_tokenizers_start_no_threads_unless_the_user_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    assert thread_environment(1)["TOKENIZERS_PARALLELISM"] == "false"
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    assert thread_environment(1)["TOKENIZERS_PARALLELISM"] == "true"
