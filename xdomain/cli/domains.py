"""`xdomain domains list|sample|check`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xdomain.cli.setup import Json

if TYPE_CHECKING:
    from xdomain.config.experiment import Experiment
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
    """Every registered domain with its scorer; without one, what it still needs."""
    from rich.table import Table
    from rich.text import Text

    from xdomain.cli.render import out, print_json
    from xdomain.core.errors import XDomainError
    from xdomain.domains.build import build_domain
    from xdomain.domains.registry import DOMAINS

    rows: list[dict[str, str | None]] = []
    for name, target in sorted(DOMAINS.targets().items()):
        scorer, needs = None, None
        try:
            domain = build_domain(name)
            domain.item_identity()  # looks for its files
            scorer = domain.scorer
        except XDomainError as error:  # a benchmark's folder is not set or lacks its files, a package is not installed
            needs = error.what
        rows.append({"name": name, "scorer": scorer, "from": target, "needs": needs})
    if json_:
        print_json(rows)
        return
    table = Table("domain", "scorer", "from")
    for row in rows:
        table.add_row(row["name"], row["scorer"] or Text(row["needs"] or "", style="yellow"), row["from"])
    out.print(table)


@app.command()
def show(target: Target) -> None:
    """Print what a domain is made of: source, template, verifier, reward, sizes, and what guessing would earn."""
    from xdomain.cli.render import print_json
    from xdomain.domains.base import Split
    from xdomain.domains.check import chance_level

    for domain in _open(target).values():
        print_json(
            {
                "name": domain.name,
                "scorer": domain.scorer,
                "items": {split.value: len(domain.items(split)) for split in Split},
                "chance": chance_level(domain),
                "identity": dict(domain.item_identity()),
                "verifier": dict(domain.verifier_identity()),
                "reward": dict(domain.reward_identity()),
            }
        )


@app.command()
def sample(
    target: Target,
    count: Annotated[int, typer.Option("-n", min=1, help="Items to show.")] = 3,
    split: Annotated[str, typer.Option(help="train, dev or test.")] = "train",
    model: Annotated[str | None, typer.Option(help="Let this model answer: a folder, a .gguf file or hub:ID.")] = None,
    temperature: Annotated[float, typer.Option(min=0, help="Of the model's answers.")] = 0.0,
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1, help="Longest answer.")] = 128,
    json_: Json = False,
) -> None:
    """Show items: the prompt, the gold answer, and a right completion, or a model's, with its verdict."""
    import importlib

    from xdomain.cli.model_forms import model_source
    from xdomain.cli.render import out, print_json
    from xdomain.config.model import ModelConfig
    from xdomain.config.validation import validate
    from xdomain.core.errors import ConfigError
    from xdomain.domains.base import Split

    if split not in list(Split):
        raise ConfigError(f'"{split}" is not a split.', where="--split", fix="Known: train, dev, test.")
    shown: list[dict[str, Any]] = []
    for domain in _open(target).values():
        items = list(domain.items(Split(split))[:count])
        if model is None:
            solutions = [domain.render_solution(item) for item in items]
            verdicts = domain.score(items, solutions)
            answers = [
                {"completion": solution, "verdict": verdict.outcome, "reason": verdict.reason}
                for solution, verdict in zip(solutions, verdicts, strict=True)
            ]
        else:
            # By name, since this floor loads no torch.
            preview = importlib.import_module("xdomain.evaluate.preview").preview
            config = validate(ModelConfig, model_source(model, None), "--model")
            answers = preview(config, domain, items, temperature=temperature, max_tokens=max_tokens)
        for item, answer in zip(items, answers, strict=True):
            described = {"domain": domain.name, "id": item.id, "system": item.system, "prompt": item.prompt}
            shown.append(described | {"gold": item.gold} | answer)
        domain.close()
    if json_:
        print_json(shown)
        return
    for row in shown:
        out.rule(f"{row['domain']} {row['id']}")
        for key in ("system", "prompt", "rendered", "gold", "completion", "verdict", "reason"):
            if row.get(key):
                out.print(f"[bold]{key:11}[/]", end="")
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
    from dataclasses import replace

    from rich.table import Table

    from xdomain.cli.render import err, out, print_json
    from xdomain.domains.check import FEWEST_PROMPTS, check_domain
    from xdomain.domains.preflight import fewer_than_asked

    checks: list[DomainCheck] = []
    for target in targets or MICRO_DOMAINS:
        experiment = _experiment(target)
        for name, domain in _open(target).items():
            fewest = FEWEST_PROMPTS if name == target and name in MICRO_DOMAINS else 0
            checked = check_domain(domain, most=most, fewest_prompts=fewest)
            if experiment is not None and (note := fewer_than_asked(domain, experiment.evaluation)):
                checked = replace(checked, notes=(*checked.notes, note))
            checks.append(checked)
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
            for part in each.splits:
                paid = part.rewards
                earns = {"right": paid.gold, "wrong": paid.wrong, "empty": paid.malformed, "garbage": paid.garbage}
                words = "; ".join(f"{name} {value}" for name, value in earns.items() if value is not None)
                out.print(f"  reward on {part.split}: {words or 'none was tried'}", highlight=False)
            for note in each.notes:
                out.print(f"  note: {note}", markup=False)
            for problem in each.problems:
                err.print(f"  problem: {problem}", style="red", markup=False)
    if not all(each.ok for each in checks):
        raise typer.Exit(2)


def _open(target: str) -> "dict[str, Domain]":
    """The registered domain, the one that a file describes, or all of an experiment's, by name."""
    from xdomain.config.domain_file import load_domain_file
    from xdomain.domains.build import build_domain, build_domains

    if not _is_file(target):
        return {target: build_domain(target)}
    if (experiment := _experiment(target)) is not None:
        return build_domains(experiment.domains, experiment.domain_names)
    config = load_domain_file(Path(target))
    return {config.name: build_domain(config)}


def _experiment(target: str) -> "Experiment | None":
    """The experiment that a file describes; None for a domain's name or file."""
    from xdomain.config.load import load_experiment
    from xdomain.config.yaml_file import read_yaml

    described = _is_file(target) and "domains" in read_yaml(Path(target))
    return load_experiment(Path(target)) if described else None


def _is_file(target: str) -> bool:
    return target.endswith((".yaml", ".yml"))
