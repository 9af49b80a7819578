"""The door into the worker: each function reaches its target, and no other module of `schedule` names the worker."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import xdomain.schedule
from tests.support.plans import make_experiment
from xdomain.core.error_json import error_from_json
from xdomain.core.errors import ConfigError, DependencyMissing
from xdomain.core.registry import load_attribute
from xdomain.schedule import worker_door

FOLDER = Path(xdomain.schedule.__path__[0])
REFUSED = make_experiment(training={"steps": 10, "prompts_per_step": 4, "generations": 2, "grpo": {"no_such_field": 1}})


def test_only_the_door_names_the_worker() -> None:
    for path in FOLDER.glob("*.py"):
        if path.name != "worker_door.py":
            assert "xdomain.worker" not in path.read_text(), path.name
            assert "import_module" not in path.read_text(), path.name


def test_every_target_exists() -> None:
    targets = re.findall(r'"(xdomain\.[\w.]+:\w+)"', Path(worker_door.__file__).read_text())
    tree = ast.parse(Path(worker_door.__file__).read_text())
    functions = [each.name for each in tree.body if isinstance(each, ast.FunctionDef)]
    assert len(targets) == len([name for name in functions if not name.startswith("_")])
    for target in targets:
        assert callable(load_attribute(target))


def test_a_preflight_raises_here_and_crosses_as_json() -> None:
    with pytest.raises(ConfigError, match="no_such_field") as refused:
        worker_door.run_preflight(REFUSED, loads_source=False)
    copy = error_from_json(worker_door.preflight_complaint(REFUSED.model_dump_json(), False))
    assert (type(copy), str(copy)) == (ConfigError, str(refused.value))
    accepted = make_experiment(execution={"device": "cpu"})
    assert worker_door.preflight_complaint(accepted.model_dump_json(), False) == ""


def test_a_training_package_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xdomain.worker.main", None)
    with pytest.raises(DependencyMissing, match="training packages cannot be imported: ModuleNotFoundError: import of"):
        worker_door.run_preflight(REFUSED, loads_source=False)
    assert isinstance(error_from_json(worker_door.preflight_complaint("{}", False)), DependencyMissing)


def test_a_new_backend_cache_is_empty() -> None:
    cache = worker_door.backend_cache()
    assert cache.is_empty
    cache.close()
