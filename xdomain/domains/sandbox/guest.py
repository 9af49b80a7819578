"""The program inside the sandbox. `base.START` runs its compiled code. It knows the standard library only, and is
trusted until it executes the job's code. The job comes by marshal: json would cost a third of a short run, and this is
our own data for our own interpreter, never the guest's.

Job `mode`:
    script: `program` is a whole program with the real stdin and stdout.
    calls:  `program` runs after `setup`; stdin brings requests to it and stdout takes the replies (see `peer.py`). No
            test and no expected value is ever in this process.
    tests:  `setup` and `tests` run here and call the candidate, which is in another sandbox, over stdout and stdin;
            the verdict goes to the descriptor `verdict_fd`, which the candidate does not have.
"""

from __future__ import annotations

import marshal
import os
import resource
import sys

TYPE_CHECKING = False  # the name that type checkers take for true; importing typing would cost every run 5 ms
if TYPE_CHECKING:
    from typing import Any

KNOWN = {
    "Counter": "collections",
    "Decimal": "decimal",
    "Fraction": "fractions",
    "OrderedDict": "collections",
    "defaultdict": "collections",
    "deque": "collections",
    "approx": "pytest",
    "isclose": "math",
    "raises": "pytest",
}
"""Library names that tests use without importing them. The program must not supply them."""

MODULES = {"np": "numpy", "numpy": "numpy", "pytest": "pytest"}
"""The same for modules; those of the standard library have their own names."""


def main(job: dict[str, Any]) -> None:
    """Do the job, see above."""
    sys.argv = ["program.py"]
    sys.path += job["packages"]
    for short_name, code in job.pop("modules").items():
        name = f"xdomain.domains.sandbox.{short_name}"
        sys.modules[name] = type(sys)(name)
        exec(marshal.loads(code), vars(sys.modules[name]))  # noqa: S102, S302 -- our own modules
    enter_groups(job["entries"])
    confine(job["limits"], job["user"])
    if job["filter"]:
        refuse_system_calls(job["filter"])
    os.write(job["ready"], b"1")
    os.close(job["ready"])
    {"script": run_script, "calls": answer_calls, "tests": run_tests}[job["mode"]](job)


def enter_groups(entries: list[int]) -> None:
    """Move into the control groups behind the descriptors, then close them."""
    for descriptor in entries:
        os.write(descriptor, b"0")
        os.close(descriptor)


def refuse_system_calls(rules: bytes) -> None:
    """Apply a seccomp filter to this process and its children, if the kernel supports it."""
    import ctypes
    import struct

    new_privileges, seccomp, filter_mode = 38, 22, 2
    program = ctypes.create_string_buffer(rules, len(rules))
    described = struct.pack("HP", len(rules) // 8, ctypes.addressof(program))
    library = ctypes.CDLL(None)
    library.prctl(new_privileges, 1, 0, 0, 0)
    library.prctl(seccomp, filter_mode, described, 0, 0)


def confine(limits: dict[str, Any], user: int | None) -> None:
    """Lower every limit for good, then become a user that owns nothing."""
    memory, disk = limits["memory_mib"] << 20, limits["disk_mib"] << 20
    processor = int(limits["wall_seconds"]) + 1
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, processor),
        (resource.RLIMIT_FSIZE, disk),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_SIGPENDING, limits["open_files"]),
    ):
        _, hard = resource.getrlimit(kind)
        lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (lowered, lowered))
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def code_of(text: str, name: str) -> Any:
    """Compile foreign code unchanged, without this file's own `from __future__ import annotations`."""
    return compile(text, name, "exec", dont_inherit=True)


def run_script(job: dict[str, Any]) -> None:
    namespace = module_names("__main__")
    namespace |= {"__file__": "program.py", "exit": sys.exit, "quit": sys.exit}
    exec(code_of(job["program"], "program.py"), namespace)  # noqa: S102 -- what the sandbox is for


def module_names(name: str) -> dict[str, Any]:
    """Return the names of a new module, which pickle, dataclasses and `import __main__` find in `sys.modules`."""
    sys.modules[name] = type(sys)(name)
    return vars(sys.modules[name])


def answer_calls(job: dict[str, Any]) -> None:
    """Load the program with its own stdin and stdout out of reach, then answer requests until they end."""
    from xdomain.domains.sandbox.peer import Peer

    incoming, outgoing = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    sys.set_int_max_str_digits(0)
    namespace = module_names("program")
    exec(code_of(job["setup"], "setup.py"), namespace)  # noqa: S102 -- what the sandbox is for
    shared = own_classes(namespace)
    before = dict(namespace)
    exec(code_of(job["program"], "program.py"), namespace)  # noqa: S102 -- what the sandbox is for
    classes = {name: namespace[name] for name in shared if isinstance(namespace.get(name), type)}

    def find(name: str) -> Any:
        """The program's own value of a name. What the setup imported is none: a missing `gcd` is not that of math."""
        first = name.partition(".")[0]
        if first in before and namespace.get(first) is before[first] and not in_solution(namespace, name):
            raise NameError(first)
        return find_value(namespace, name)

    Peer(incoming, outgoing, find, classes, trusting=True, most_bytes=-1).serve()


def own_classes(namespace: dict[str, Any]) -> dict[str, type]:
    """Classes that the code of a namespace defined itself."""
    name = namespace["__name__"]
    return {key: value for key, value in namespace.items() if isinstance(value, type) and value.__module__ == name}


def find_value(namespace: dict[str, Any], name: str) -> Any:
    """The value of `f`, `Solution.f`, `Solution().f` or `Outer.Inner.f`; a method belongs to a new instance.

    A plain name is looked for in the program's class `Solution` first, as LeetCode does.

    Raises:
        NameError: there is none.
    """
    first, *rest = name.replace("()", "").split(".")
    if in_solution(namespace, name):
        first, rest = "Solution", [first]
    if first not in namespace:
        raise NameError(first)
    value = namespace[first]
    for part in rest:
        if isinstance(value, type) and isinstance(vars(value).get(part), type(find_value)):
            value = value()
        value = getattr(value, part)
    return value


def in_solution(namespace: dict[str, Any], name: str) -> bool:
    """Whether a plain name is that of a method of the program's class `Solution`."""
    return "." not in name and name in vars(namespace.get("Solution", object)) and not name.startswith("__")


def run_tests(job: dict[str, Any]) -> None:
    """Run the tests against the candidate behind the pipes; the verdict is written once, at the very end."""
    import json

    from xdomain.domains.sandbox.peer import Peer

    outgoing, incoming = os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(0), "r")
    verdict = os.fdopen(job["verdict_fd"], "w")
    for name in ("pytest", "numpy"):
        if any(os.path.exists(f"{folder}/{name}") for folder in job["packages"]):
            continue  # the real one
        sys.modules[name] = sys.modules[f"xdomain.domains.sandbox.{name}_names"]
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 -- open to the end
    sys.set_int_max_str_digits(0)
    classes: dict[str, type] = {}
    peer = Peer(incoming, outgoing, refuse, classes, trusting=False, most_bytes=job["limits"]["reply_bytes"])
    word, item_fault = "passed", False
    try:
        play(job, peer, classes)
    except AssertionError:
        word = "a test failed"
    except SystemExit as error:  # unittest.main()
        word = "a test failed" if error.code else "passed"
    except Exception as error:
        by_candidate = getattr(error, "from_candidate", False)
        word = f"{'candidate' if by_candidate else 'a test'} raised {type(error).__name__}"
        # A name without a value is the program's doing: `for x in f(): ...` leaves none if it returns nothing.
        own = isinstance(error, (NameError, ImportError)) and not isinstance(error, UnboundLocalError)
        item_fault = own and not by_candidate and is_raised_by_tests(error)
    if peer.broken:
        word, item_fault = f"candidate {peer.broken}", False
    elif not peer.requests:
        word, item_fault = "no test calls the program" if word == "passed" else word, True
    verdict.write(json.dumps({"word": word, "item_fault": item_fault}))
    verdict.flush()


def play(job: dict[str, Any], peer: Any, classes: dict[str, type]) -> None:
    """Run `setup`, then `tests`; call what these defined for a test runner, or a `check` that they did not call."""
    from xdomain.domains.sandbox.remote import Remote

    class Names(dict):  # type: ignore[type-arg]
        """Names that the tests use. Names that are not defined here belong to the program."""

        def __missing__(self, name: str) -> Any:
            builtin = getattr(builtins, name, self)
            if builtin is not self or name.startswith("__"):
                raise KeyError(name)
            if name in KNOWN:
                return getattr(__import__(KNOWN[name]), name)
            if name in MODULES:
                return __import__(MODULES[name])
            if not job["open_names"]:
                raise KeyError(name)
            # A module that the tests forgot to import is no value of the program, but a function may have its name.
            return Remote(peer, name) if name in sys.stdlib_module_names else program_value(peer, name)

    import builtins

    namespace = Names(__name__="tests", __builtins__=builtins)
    exec(code_of(job["setup"], "setup.py"), namespace)  # noqa: S102 -- what the sandbox is for
    classes.update(own_classes(namespace))
    peer.codec.classes.update(classes)
    entry_point = job["entry_point"]
    if entry_point:
        namespace[entry_point] = Remote(peer, entry_point)
    if job["open_names"]:
        module_names("solution")["__getattr__"] = lambda name: program_value(peer, name)  # from solution import f
    if "unittest" in job["tests"]:
        import unittest

        unittest.main = lambda *_, **__: None  # type: ignore[assignment]  # it would not find these tests
    exec(code_of(job["tests"], "tests.py"), namespace)  # noqa: S102 -- what the sandbox is for
    run_collected(namespace)
    if entry_point and not peer.requests and "check" in namespace:
        namespace["check"](Remote(peer, entry_point))


def program_value(peer: Any, name: str) -> Any:
    """Return the program's value of this name: a plain value unchanged, anything else as a `Remote`.

    Raises:
        AttributeError: the name belongs to Python.
        NameError: the program does not have it.
    """
    if name.startswith("__"):
        raise AttributeError(name)
    return peer.request("look", name, [])


def run_collected(namespace: dict[str, Any]) -> None:
    """Run the functions and classes that pytest and unittest would collect, as they would.

    Raises:
        ImportError: a test function takes fixtures, which only pytest has.
        AssertionError: a test case fails.
    """
    for name, value in list(namespace.items()):
        if name.startswith("test_") and hasattr(value, "__code__"):
            if value.__code__.co_argcount:
                raise ImportError("fixtures")
            value()
        elif isinstance(value, type) and value.__module__ == "tests" and hasattr(value, "assertEqual"):
            import unittest

            result = unittest.TestResult()
            unittest.defaultTestLoader.loadTestsFromTestCase(value).run(result)
            assert result.wasSuccessful(), f"{name} fails"
        elif isinstance(value, type) and value.__module__ == "tests" and name.startswith("Test"):
            for method in [method for method in vars(value) if method.startswith("test_")]:
                getattr(value(), method)()


def is_raised_by_tests(error: BaseException) -> bool:
    """Whether a line of the tests raised the error, not text of the program that they evaluate."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename in ("setup.py", "tests.py")


def refuse(name: str) -> Any:
    """No name of the tests is open to the program."""
    raise NameError(name)
