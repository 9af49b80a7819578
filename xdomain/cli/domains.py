"""`xdomain domains list|sample|check`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xdomain.cli.setup import Json

if TYPE_CHECKING:
    from xdomain.domains.base import Domain
    from xdomain.domains.check import DomainCheck

MICRO_DOMAINS = ("math", "science", "logic", "puzzle")

app = typer.Typer(help="List, look at and check domains.", no_args_is_help=True)

Target = Annotated[
    str,
    typer.Argument(metavar="NAME|FILE", help="A registered domain, or a YAML file of a domain or of an experiment."),
]


@app.command("list")
def list_domains(json_: Json = False) -> None:
    """Every registered domain with its scorer."""
    from rich.table import Table

    from xdomain.cli.render import out, print_json
    from xdomain.domains.build import build_domain
    from xdomain.domains.registry import DOMAINS

    rows = [
        {"name": name, "scorer": build_domain(name).scorer, "from": DOMAINS.targets()[name]} for name in DOMAINS.names()
    ]
    if json_:
        print_json(rows)
        return
    table = Table("domain", "scorer", "from")
    for row in rows:
        table.add_row(row["name"], row["scorer"], row["from"])
    out.print(table)


@app.command()
def sample(
    target: Target,
    count: Annotated[int, typer.Option("-n", min=1, help="Items to show.")] = 3,
    split: Annotated[str, typer.Option(help="train, dev or test.")] = "train",
    json_: Json = False,
) -> None:
    """Show items: the prompt, the gold answer, a right completion and its verdict."""
    from xdomain.cli.render import out, print_json
    from xdomain.core.errors import ConfigError
    from xdomain.domains.base import Split

    if split not in list(Split):
        raise ConfigError(f'"{split}" is not a split.', where="--split", fix="Known: train, dev, test.")
    shown: list[dict[str, Any]] = []
    for domain in _open(target).values():
        items = domain.items(Split(split))
        for index in range(min(count, len(items))):
            item = items[index]
            solution = domain.render_solution(item)
            verdict = domain.score([item], [solution])[0]
            shown.append({"domain": domain.name, "id": item.id, "system": item.system, "prompt": item.prompt})
            shown[-1] |= {"gold": item.gold, "solution": solution, "verdict": verdict.outcome, "reason": verdict.reason}
        domain.close()
    if json_:
        print_json(shown)
        return
    for row in shown:
        out.rule(f"{row['domain']} {row['id']}")
        for key in ("system", "prompt", "gold", "solution", "verdict"):
            if row[key] is not None:
                out.print(f"[bold]{key:9}[/]", end="")
                out.print(str(row[key]), markup=False)


@app.command()
def check(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME|FILE]...", help="By default the built-in four.")
    ] = None,
    most: Annotated[int | None, typer.Option(min=1, help="Judge at most so many items a split.")] = None,
    json_: Json = False,
) -> None:
    """Gold must score, garbage must not, splits must not overlap; exit code 2 if anything is wrong."""
    from rich.table import Table

    from xdomain.cli.render import err, out, print_json
    from xdomain.domains.check import FEWEST_PROMPTS, check_domain

    checks: list[DomainCheck] = []
    for target in targets or MICRO_DOMAINS:
        for name, domain in _open(target).items():
            fewest = FEWEST_PROMPTS if name == target and name in MICRO_DOMAINS else 0
            checks.append(check_domain(domain, most=most, fewest_prompts=fewest))
            domain.close()
    if json_:
        print_json([asdict(each) | {"ok": each.ok} for each in checks])
    else:
        table = Table(
            "domain", "split", "items", "gold right", "garbage right", "neighbour right", "constant answer", "longest"
        )
        for each in checks:
            for part in each.splits:
                table.add_row(
                    each.name,
                    part.split,
                    str(part.items),
                    f"{part.gold_right}/{part.judged}",
                    str(part.garbage_right),
                    str(part.neighbour_right),
                    f"{100 * part.constant_score:.1f}%",
                    str(part.longest_prompt),
                )
        out.print(table)
        for each in checks:
            out.print(f"{each.name}: {each.distinct_prompts} distinct prompts, scorer {each.scorer}", highlight=False)
            for note in each.notes:
                out.print(f"  note: {note}", markup=False)
            for problem in each.problems:
                err.print(f"  problem: {problem}", style="red", markup=False)
    if not all(each.ok for each in checks):
        raise typer.Exit(2)


def _open(target: str) -> dict[str, Domain]:
    """The registered domain, the one that a file describes, or all of an experiment's, by name."""
    from xdomain.config.domain_file import load_domain_file
    from xdomain.config.load import load_experiment, read_yaml
    from xdomain.domains.build import build_domain, build_domains

    if not target.endswith((".yaml", ".yml")):
        return {target: build_domain(target)}
    path = Path(target)
    if "domains" in read_yaml(path):
        experiment = load_experiment(path)
        return build_domains(experiment.domains, experiment.domain_names)
    config = load_domain_file(path)
    return {config.name: build_domain(config)}
