"""The documents agree with the code: links resolve, commands and options exist, YAML examples load."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from typer.core import TyperGroup
from typer.main import get_command

from tests.support.extend_page import write_page
from tests.support.page_blocks import blocks
from xdomain.api.schemas import KINDS
from xdomain.cli.app import app
from xdomain.config.domain import DomainConfig
from xdomain.config.experiment import Experiment
from xdomain.config.json_schema import json_schema
from xdomain.config.load import load_experiment
from xdomain.config.study import StudyConfig, load_study

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("experiments/**/*.md")]
COMMANDS = re.compile(
    r"xdomain ((?:init|examples|export-model|diagnose|probe|grid|domains|eval|study|report|rescore|view|doctor|schema)"
    r"\b[^\n`]*)"
)
PLACEHOLDERS = {"<commit>": "a" * 40, "{...}": "{base_url: 'https://example.org/v1', model: some-model}"}
OTHER_YAML = {
    "# sky.yaml": "SkyPilot's",
}
"""Beginnings of blocks that other programs read."""
EXPERIMENT = {"name": "x", "model": {"preset": "tiny_qwen3"}, "domains": ["math", "logic"], "grid": {"singles": True}}
DOMAIN = {
    "name": "x",
    "source": {"kind": "jsonl", "path": "rows.jsonl"},
    "fields": {"gold": "gold", "question": "question"},
    "template": "{{ question }}",
    "verifier": "text",
}


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", without_code(page.read_text(encoding="utf-8")), re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_relative_links_resolve(page: Path):
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_code_that_names_a_file_of_the_repository_is_in_it(page: Path):
    text = page.read_text(encoding="utf-8")
    for path, code in re.findall(r"^```python\n# ((?:xdomain|tests)/\S+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        assert code in (ROOT / path).read_text(encoding="utf-8"), path


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command that `words` name and the words behind its name."""
    command: Any = get_command(app)
    while isinstance(command, TyperGroup) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_and_their_options_exist(page: Path):
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in COMMANDS.findall(text):
        command, rest = command_of(re.split(r"[#|]", line)[0].split())
        if isinstance(command, TyperGroup):  # "`xdomain grid` plans, ..." names the group only
            assert not rest or not re.fullmatch(r"[a-z]+", rest[0]), line
            continue
        known = {option for each in command.loaded.params for option in (*each.opts, *each.secondary_opts)}
        used = {word.split("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
        assert used <= known | {"--help"}, line


def mappings(block: str) -> Iterator[dict[str, Any]]:
    """Yield what a block says as YAML: its mapping, or those of its lines where these are alternatives."""
    keys = re.findall(r"^(\w+):", block, re.MULTILINE)
    for part in block.splitlines() if len(keys) > len(set(keys)) else [block]:
        try:
            read = yaml.safe_load(part)
        except yaml.YAMLError:
            continue
        if isinstance(read, list):
            read = {"domains": read}
        if isinstance(read, dict):
            yield read


def test_yaml_examples_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDOMAIN_DATA", str(tmp_path))
    write_page(tmp_path)  # examples of plugins name what this page registers
    for block in blocks():  # and functions that a page shows
        if block.language == "python" and (file := re.match(r"# (\w+\.py)\n", block.text)):
            (tmp_path / file[1]).write_text(block.text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    schemas = {kind: Draft202012Validator(json_schema(kind)) for kind in KINDS}

    def check(kind: str, example: dict[str, Any]) -> None:
        wrong = best_match(schemas[kind].iter_errors(example))
        assert wrong is None, f"{kind}: {wrong}"

    for block in (each for each in blocks() if each.language == "yaml"):
        text = block.text
        for placeholder, value in PLACEHOLDERS.items():
            text = text.replace(placeholder, value)
        if any(text.startswith(start) for start in OTHER_YAML):
            continue
        examples = list(mappings(text))
        assert examples, f"{block.page}:{block.line}: no YAML"
        for number, example in enumerate(examples):
            path = tmp_path / f"{Path(block.page).stem}-{block.line}-{number}.yaml"
            if example.keys() <= StudyConfig.model_fields.keys() and "pairs" in example:
                path.write_text(yaml.safe_dump(example), encoding="utf-8")
                load_study(path)
                check("study", example)
            elif example.keys() <= {*Experiment.model_fields, "strategy"} or "training" in example:
                path.write_text(yaml.safe_dump(EXPERIMENT | example), encoding="utf-8")
                load_experiment(path)
                check("experiment", EXPERIMENT | example)
            elif example.keys() <= DomainConfig.model_fields.keys():
                if "name" in example:
                    (tmp_path / f"{example['name']}.yaml").write_text(yaml.safe_dump(example), encoding="utf-8")
                path.write_text(yaml.safe_dump(EXPERIMENT | {"domains": [DOMAIN | example]}), encoding="utf-8")
                load_experiment(path)
                check("domain", DOMAIN | example)
            else:
                raise AssertionError(f"{block.page}:{block.line}: no study, experiment or domain: {example}")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_list_begins_after_an_empty_line(page: Path):
    """Without one, MkDocs joins it to the paragraph; and a line of a paragraph that begins with "0. " is no list."""
    before = ""
    for line in without_code(page.read_text(encoding="utf-8")).splitlines():
        if re.match(r"- |\d+\. ", line):
            assert not before.strip() or re.match(r"\s|- |\d+\. ", before), line
        before = line
