"""What a guest is given."""

from __future__ import annotations

import marshal
import os
import sys

from xdomain.domains.sandbox.base import guest_modules, guest_program, interpreter, memory_file


def test_a_job_lies_in_no_folder() -> None:
    descriptor = memory_file("job", marshal.dumps({"program": "x = 1", "limits": {"a": 1}}))
    try:
        assert os.readlink(f"/proc/self/fd/{descriptor}").startswith("/memfd:job")
        with os.fdopen(os.dup(descriptor), "rb") as handle:
            assert marshal.load(handle) == {"program": "x = 1", "limits": {"a": 1}}
    finally:
        os.close(descriptor)


def test_a_guest_loads_only_the_standard_library() -> None:
    compile(guest_program(), "guest.py", "exec")
    own = {name.rpartition(".")[2] for name in guest_modules()}
    assert own == {"wire", "remote", "peer", "pytest_names", "numpy_names"}
    known = sys.stdlib_module_names | {"xdomain"}
    for code in guest_modules().values():
        assert {name.partition(".")[0] for name in code.co_names if name in sys.modules} <= known | set(code.co_names)


def test_the_interpreter_is_no_virtual_environment() -> None:
    assert os.path.isfile(interpreter())
    assert os.path.realpath(interpreter()) == interpreter()
