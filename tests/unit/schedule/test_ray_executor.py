"""The Ray executor without Ray; with it, see tests/contract/test_executors.py and tests/integration/test_ray.py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import DependencyMissing
from xdomain.schedule.executors import make_executor
from xdomain.store.store import Store


def test_without_the_package_the_pip_command_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DependencyMissing, match=r'pip install .*\[ray\]"'):
        make_executor(ExecutionConfig(executor="ray"), Store(tmp_path / "store"), None)
