"""`xdomain doctor`: what this machine can do."""

from rich.markup import escape
from rich.table import Table

from xdomain.api.doctor import examine_machine
from xdomain.cli.options import Json
from xdomain.cli.render import out, print_json

AFTERWARDS = {"reasoning-gym": " && pip install --no-deps reasoning-gym"}
"""What completes an extra: reasoning-gym itself asks for a package that has to be compiled."""


def doctor(json_: Json = False) -> None:
    """Tell which extras are installed, which devices are seen, and which sandbox runs untrusted code."""
    found = examine_machine()
    if json_:
        print_json(found.document())
        return
    table = Table.grid(padding=(0, 2))
    for name, version in found.packages.items():
        table.add_row(name, version)
    for extra, names in found.missing.items():
        advice = f'missing {", ".join(names)}: pip install "xdomain[{extra}]"{AFTERWARDS.get(extra, "")}'
        table.add_row(f"extra {extra}", escape(advice) if names else "there")
    table.add_row("CPU cores", str(found.cpu_cores))
    table.add_row("GPUs", ", ".join(found.gpus) or "none")
    table.add_row("sandbox", found.sandbox)
    for kind, plugins in found.plugins.items():
        for plugin in plugins:
            table.add_row(f"{kind} {escape(plugin.name)}", escape(f"of {plugin.package}"))
    out.print(table)
