"""`xdomain domains list|show|sample|check`."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from xdomain.api import domains
from xdomain.api.completion import domain_names
from xdomain.cli.options import Json
from xdomain.cli.render import err, out, print_json
from xdomain.core.terminal_text import text
from xdomain.report.domain_checks import check_problems, check_tables

Target = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE",
        help="A registered domain, or a YAML file of a domain or of an experiment.",
        autocompletion=domain_names,
    ),
]
SHOWN = ("system", "prompt", "rendered", "gold", "completion", "verdict", "reason")


def list_domains(json_: Json = False) -> None:
    """List every registered domain with its verifier, or with the reason why it cannot be used."""
    found = domains.list_domains()
    if json_:
        print_json([each.document() for each in found])
        return
    table = Table("domain", "scorer", "from")
    for each in found:
        scorer = text(each.scorer) if each.scorer else text(each.needs or "", "yellow")
        table.add_row(text(each.name), scorer, text(each.target))
    out.print(table)


def show(target: Target) -> None:
    """Describe a domain: source, template, verifier, reward, sizes, and the expected score of guessing."""
    for described in domains.describe_domains(target):
        print_json(described)


def sample(
    target: Target,
    count: Annotated[int, typer.Option("-n", min=1, help="Number of items to show.")] = 3,
    split: Annotated[str, typer.Option(help="train, dev or test.")] = "train",
    model: Annotated[str | None, typer.Option(help="Let this model answer: a folder, a .gguf file or hub:ID.")] = None,
    temperature: Annotated[float, typer.Option(min=0, help="Sampling temperature.")] = 0.0,
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1, help="Limit of a completion.")] = 128,
    json_: Json = False,
) -> None:
    """Show items with their prompt, gold answer, and a right completion or a model's, with its verdict."""
    shown = domains.sample_domains(target, count, split, model=model, temperature=temperature, max_tokens=max_tokens)
    if json_:
        print_json(shown)
        return
    for row in shown:
        out.rule(text(f"{row['domain']} {row['id']}"))
        for key in SHOWN:
            if row.get(key):
                out.print(f"[bold]{key:11}[/]", end="")
                out.print(text(str(row[key])))


def check(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME|FILE]...", help="By default the procedural domains.", autocompletion=domain_names
        ),
    ] = None,
    most: Annotated[int | None, typer.Option(min=1, help="Largest number of items to judge per split.")] = None,
    json_: Json = False,
) -> None:
    """Check that gold scores, garbage does not and splits do not overlap. The exit code is 2 if a check fails."""
    checks = domains.check_domains(targets or domains.BUILT_IN, most=most)
    if json_:
        print_json([asdict(each) | {"ok": each.ok} for each in checks])
    else:
        for part in check_tables(checks):
            out.print(part)
        for line in check_problems(checks):
            err.print(line)
    if not all(each.ok for each in checks):
        raise typer.Exit(2)
