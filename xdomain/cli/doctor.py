"""`xdomain doctor`: show which features this machine supports."""

from rich.markup import escape
from rich.table import Table

from xdomain.api.doctor import examine_machine
from xdomain.cli.options import Json
from xdomain.cli.render import out, print_json
from xdomain.core.installation import install_command


def doctor(json_: Json = False) -> None:
    """Show which extras are installed, which devices were found, and which sandbox runs untrusted code."""
    found = examine_machine()
    if json_:
        print_json(found.document())
        return
    table = Table.grid(padding=(0, 2))
    for name, version in found.packages.items():
        table.add_row(name, version)
    for extra, names in found.missing.items():
        table.add_row(f"extra {extra}", f"missing {', '.join(names)}" if names else "installed")
    table.add_row("CPU cores", str(found.cpu_cores))
    table.add_row("GPUs", ", ".join(found.gpus) or "none")
    table.add_row("sandbox", found.sandbox)
    for kind, plugins in found.plugins.items():
        for plugin in plugins:
            table.add_row(f"{kind} {escape(plugin.name)}", escape(f"of {plugin.package}"))
    out.print(table)
    for extra in (extra for extra, names in found.missing.items() if names):
        out.print(f"to add {extra}: {install_command(extra)}", markup=False, soft_wrap=True)
