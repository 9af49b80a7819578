"""Copy experiments to start from: templates, and the shipped examples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xdomain.api.schemas import write_schema
from xdomain.config.json_schema import Kind
from xdomain.config.yaml_file import read_yaml
from xdomain.core.errors import ConfigError
from xdomain.core.files import write_atomic
from xdomain.core.registry import did_you_mean

PACKAGE = Path(__file__).parents[1]
TEMPLATES = PACKAGE / "templates"
"""Folder with one folder per template, which contains `experiment.yaml` and the files that it reads."""
EXAMPLES = PACKAGE / "examples"
"""Folder of the shipped experiments and studies, with `domains/` that they share. In a checkout, it is a link to
`experiments/`."""
STAND_INS = "stand_ins.py"
"""Script that writes placeholder rows for the examples whose data cannot be shipped."""
SCHEMA_LINE = re.compile(r"^# yaml-language-server: \$schema=.*\n")
PLACES = {"python -m experiments.stand_ins": f"python {STAND_INS}", "experiments/": ""}
"""Replacements in the comments of examples: texts that are only right in a checkout, and their texts in a copy."""


@dataclass(frozen=True)
class Start:
    """A template or an example.

    Attributes:
        name: Name for `xdomain init --template` or `xdomain examples copy`.
        about: First sentence of the file's comment.
        file: Path of the YAML file.
    """

    name: str
    about: str
    file: Path


def list_templates() -> list[Start]:
    """Return the templates of `xdomain init`, sorted by name."""
    return [Start(path.parent.name, _about(path), path) for path in sorted(TEMPLATES.glob("*/experiment.yaml"))]


def list_examples() -> list[Start]:
    """Return the shipped experiments and studies, sorted by name."""
    return [
        Start(path.stem, _about(path), path) for path in sorted(EXAMPLES.glob("*.yaml"), key=lambda path: path.stem)
    ]


def start_experiment(folder: str | Path = ".", template: str = "smoke", *, force: bool = False) -> list[Path]:
    """Copy a template, with the data that it reads and the schema that editors check it with.

    Args:
        folder: Folder to write into. It is created if it does not exist.
        template: Name of a template.
        force: Replace existing files.

    Returns:
        The files that were written, with the experiment first.

    Raises:
        ConfigError: The template does not exist, or a file exists already.
    """
    source = _named(list_templates(), template, "template", "--template").file.parent
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(source.iterdir()) if path.is_file()}
    return _write_all(Path(folder), files, "experiment", force)


def copy_example(name: str, folder: str | Path = ".", *, force: bool = False) -> list[Path]:
    """Copy a shipped experiment or study, with the files that it names and its schema.

    Args:
        name: Name of an example.
        folder: Folder to write into. It is created if it does not exist.
        force: Replace existing files.

    Returns:
        The files that were written, with the example first.

    Raises:
        ConfigError: The example does not exist, or a file exists already.
    """
    example = _named(list_examples(), name, "example", "NAME").file
    kind: Kind = "study" if "pairs" in read_yaml(example) else "experiment"
    files = {example.name: _moved(example.read_text(encoding="utf-8"), kind)}
    for path in dict.fromkeys(_files_named_in(example)):
        text = path.read_text(encoding="utf-8")
        files[str(path.relative_to(EXAMPLES))] = _moved(text, "domain") if path.suffix == ".yaml" else text
    if STAND_INS in files[example.name]:
        files[STAND_INS] = _moved((EXAMPLES / STAND_INS).read_text(encoding="utf-8"))
    return _write_all(Path(folder), files, kind, force)


def _about(path: Path) -> str:
    """Return the first sentence of the comment at the start of a file."""
    lines = SCHEMA_LINE.sub("", path.read_text(encoding="utf-8")).splitlines()
    words = []
    for line in lines:
        if not line.startswith("# "):
            break
        words.append(line.removeprefix("# ").strip())
    return re.split(r"(?<=[.?]) (?=[A-Z`])", " ".join(words))[0]


def _named(found: list[Start], name: str, noun: str, where: str) -> Start:
    for each in found:
        if each.name == name:
            return each
    names = [each.name for each in found]
    raise ConfigError(
        f'there is no {noun} "{name}".{did_you_mean(name, names)}', where=where, fix=f"There are {', '.join(names)}."
    )


def _moved(text: str, kind: str | None = None) -> str:
    """Return the text of an example for a copy in another folder, with a schema line if `kind` is given."""
    body = SCHEMA_LINE.sub("", text)
    for here, there in PLACES.items():
        body = body.replace(here, there)
    return body if kind is None else f"# yaml-language-server: $schema={kind}.schema.json\n{body}"


def _files_named_in(file: Path) -> Iterator[Path]:
    """Yield the files in the folder of `file` that its values name, and the files that those name in turn."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from (text for each in value.values() for text in texts(each))
        elif isinstance(value, list):
            yield from (text for each in value for text in texts(each))

    for text in texts(read_yaml(file)):
        path = file.parent / text
        if path.suffix in (".yaml", ".jsonl", ".py") and "\n" not in text and path.is_file():
            yield path
            if path.suffix == ".yaml":
                yield from _files_named_in(path)


def _write_all(folder: Path, files: Mapping[str, str], kind: Kind, force: bool) -> list[Path]:
    """Write the files, the schema of `kind`, and for files of domains also the schema of a domain. Return the paths."""
    present = [name for name in files if (folder / name).exists()]
    if present and not force:
        raise ConfigError(
            f"{', '.join(present)} would be replaced.",
            where=str(folder),
            fix="Choose another folder, or give --force to replace them.",
        )
    try:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_atomic(folder / name, text)
        described = sorted({(folder / name).parent for name in files if name.endswith(".yaml") and "/" in name})
        schemas = [*(write_schema("domain", each) for each in described), write_schema(kind, folder)]
        return [*(folder / name for name in files), *schemas]
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror or error}.", where=str(folder)) from error
