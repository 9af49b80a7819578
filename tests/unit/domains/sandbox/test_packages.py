"""Packages that guests may import."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest

from xdomain.core.errors import DependencyMissing
from xdomain.domains.sandbox import choose
from xdomain.domains.sandbox.base import Limits
from xdomain.domains.sandbox.packages import extension_modules, package_files
from xdomain.domains.sandbox.plain import Unsandboxed
from xdomain.domains.sandbox.runs import run_calls, run_script, run_tests

FOUND = "import numpy, os\nprint(numpy.linalg.inv(numpy.eye(2)).sum(), sorted(os.listdir('/packages'))[0])"
CUMULATED = "import numpy as np\ndef f(x):\n    return np.cumsum(x) / 2\n"
CHECK = "import numpy as np\ndef check(f):\n    assert np.allclose(f([1, 2]), np.array([0.5, 1.5]))\n"


def test_a_package_with_what_it_requires() -> None:
    names = {file.name for file in package_files(("pandas",))}
    assert {"pandas", "numpy", "dateutil"} <= names
    assert "torch" not in names
    assert not package_files(())


def test_libraries_of_a_package_are_found() -> None:
    modules = extension_modules(package_files(("numpy",)))
    assert Path(numpy.__file__).parent in {parent for module in modules for parent in module.parents}
    assert all(".so" in module.name for module in modules)


@pytest.mark.parametrize(("name", "why"), [("no_such_package", "is not installed"), ("xdomain", "link to its source")])
def test_a_package_that_cannot_be_mounted(name: str, why: str) -> None:
    with pytest.raises(DependencyMissing, match=why):
        package_files((name,))


def test_guests_import_only_what_was_named() -> None:
    if choose.working_sandbox() is None:
        pytest.skip("no bubblewrap on this machine")
    with_numpy = choose.find_sandbox(("numpy",), allow_unsandboxed=False)
    found = run_script(with_numpy, FOUND, "", Limits())
    assert found.stdout == "2.0 numpy\n"
    assert run_script(with_numpy, "import torch", "", Limits()).exit_code == 1
    without = choose.find_sandbox(allow_unsandboxed=False)
    assert run_script(without, "import numpy", "", Limits()).exit_code == 1


def test_numbers_and_arrays_of_numpy_are_plain_values_to_tests() -> None:
    if choose.working_sandbox() is None:
        pytest.skip("no bubblewrap on this machine")
    sandbox = choose.find_sandbox(("numpy",), allow_unsandboxed=False)
    run = run_calls(sandbox, CUMULATED, "f", [[[1, 2]]], Limits())
    assert (run.values, run.failure) == (([0.5, 1.5],), "")
    assert run_tests(sandbox, CUMULATED, "f", "", CHECK, Limits()).word == "passed"


def test_without_a_sandbox_the_folder_of_the_package_is_seen() -> None:
    run = run_script(Unsandboxed(("numpy",)), "import numpy; print(numpy.ones(2))", "", Limits())
    assert run.stdout == "[1. 1.]\n"


def test_a_package_that_fails_inside_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "broken-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (folder / "RECORD").write_text("broken.py,,\nbroken-1.0.dist-info/METADATA,,\n")
    (folder / "top_level.txt").write_text("broken\n")
    (tmp_path / "broken.py").write_text("raise OSError('no GPU')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DependencyMissing, match='"broken" cannot be imported in the sandbox: OSError'):
        choose.find_sandbox(("broken",), allow_unsandboxed=True)
