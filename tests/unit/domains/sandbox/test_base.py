"""What a guest is given."""

from __future__ import annotations

import ast
import marshal
import os
import sys
from pathlib import Path

from xdomain.domains.sandbox import base
from xdomain.domains.sandbox.base import MODULES, compiled, interpreter, memory_file


def test_a_job_lies_in_no_folder() -> None:
    descriptor = memory_file("job", marshal.dumps({"program": "x = 1", "limits": {"a": 1}}))
    try:
        assert os.readlink(f"/proc/self/fd/{descriptor}").startswith("/memfd:job")
        with os.fdopen(os.dup(descriptor), "rb") as handle:
            assert marshal.load(handle) == {"program": "x = 1", "limits": {"a": 1}}
    finally:
        os.close(descriptor)


def test_a_guest_loads_only_the_standard_library_and_its_modules() -> None:
    own = {name for names in MODULES.values() for name in names}
    known = sys.stdlib_module_names | {f"xdomain.domains.sandbox.{name}" for name in own}
    for name in ("guest", *own):
        nodes = list(ast.walk(ast.parse(Path(base.__file__).with_name(f"{name}.py").read_text())))
        imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
        assert {name if name in known else name.partition(".")[0] for name in imported} <= known, name
        assert marshal.loads(compiled(name)).co_filename == f"{name}.py"


def test_the_interpreter_is_no_virtual_environment() -> None:
    assert os.path.isfile(interpreter())
    assert os.path.realpath(interpreter()) == interpreter()
