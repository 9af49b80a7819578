"""Where numbers came from."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version

import pytest

from xdomain.core.provenance import provenance


def test_it_names_code_machine_and_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    found = provenance(command="x", seed=1)
    assert json.loads(json.dumps(found)) == found
    assert (found["command"], found["seed"], found["cuda_visible_devices"]) == ("x", 1, "3")
    assert found["python"] == platform.python_version()
    assert found["packages"]["numpy"] == version("numpy")
    assert "no-such-package" not in found["packages"]
    assert found["memory_bytes"] > 2**20
