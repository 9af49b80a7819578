"""`xdomain doctor`: what this machine can do."""

import importlib.util
import os

from xdomain.cli.setup import Json

EXTRAS = {
    "train": ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "math_verify"),
    "reasoning-gym": ("reasoning_gym",),
    "figures": ("matplotlib",),
    "vllm": ("vllm",),
    "ray": ("ray",),
}

AFTERWARDS = {"reasoning-gym": " && pip install --no-deps reasoning-gym"}
"""What completes an extra: reasoning-gym itself asks for a package that has to be compiled."""


def doctor(json_: Json = False) -> None:
    """Tell which extras are installed, which devices are seen, and which sandbox runs untrusted code."""
    from rich.markup import escape
    from rich.table import Table

    from xdomain.cli.render import out, print_json
    from xdomain.core.provenance import code_state
    from xdomain.domains.sandbox.choose import describe_sandbox
    from xdomain.schedule.resources import visible_gpus

    missing = {
        extra: [name for name in modules if importlib.util.find_spec(name) is None] for extra, modules in EXTRAS.items()
    }
    found = {
        "packages": code_state()["packages"],
        "extras": {extra: not names for extra, names in missing.items()},
        "cpu_cores": os.cpu_count(),
        "gpus": visible_gpus(),
        "sandbox": describe_sandbox(),
    }
    if json_:
        print_json(found)
        return
    table = Table.grid(padding=(0, 2))
    for name, version in found["packages"].items():
        table.add_row(name, version)
    for extra, names in missing.items():
        advice = f'missing {", ".join(names)}: pip install "xdomain[{extra}]"{AFTERWARDS.get(extra, "")}'
        table.add_row(f"extra {extra}", escape(advice) if names else "there")
    table.add_row("CPU cores", str(found["cpu_cores"]))
    table.add_row("GPUs", ", ".join(found["gpus"]) or "none")
    table.add_row("sandbox", found["sandbox"])
    out.print(table)
