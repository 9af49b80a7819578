"""Templates and examples are valid, plan unedited, and never replace a file unasked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import xdomain
from xdomain.api.domains import check_domains
from xdomain.api.schemas import json_schema
from xdomain.api.templates import copy_example, list_examples, list_templates, start_experiment
from xdomain.config.yaml_file import read_yaml
from xdomain.core.errors import ConfigError

TEMPLATES = [each.name for each in list_templates()]
WITH_DATA = ("bring-your-own", "when-domains-interact", "cgpo", "care-rl", "breaking-barriers-interventional")


def test_the_templates_of_the_issue_are_there() -> None:
    assert TEMPLATES == ["gpu-7b", "my-data", "smoke", "two-domains"]
    for each in (*list_templates(), *list_examples()):
        assert each.about.endswith((".", "?"))
        assert len(each.about) > 20


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_plans_unedited(template: str, tmp_path: Path) -> None:
    experiment, *others = start_experiment(tmp_path / "new" / "demo", template)
    assert experiment.read_text().startswith("# yaml-language-server: $schema=experiment.schema.json\n")
    assert json.loads(others[-1].read_text()) == json_schema("experiment")
    session = xdomain.open_experiment(experiment, store=tmp_path / "store")
    assert session.experiment.name == template
    assert session.plan.train_stages
    assert template == "gpu-7b" or session.experiment.model.preset == "tiny_qwen3"


def test_the_rows_of_my_data_pass_the_check(tmp_path: Path) -> None:
    experiment, *_ = start_experiment(tmp_path, "my-data")
    mine, _ = check_domains([experiment])
    assert mine.ok
    assert not mine.notes


def test_nothing_is_replaced_without_force(tmp_path: Path) -> None:
    (tmp_path / "experiment.yaml").write_text("mine")
    with pytest.raises(ConfigError, match=r"experiment\.yaml would be replaced.*--force"):
        start_experiment(tmp_path, "my-data")
    assert [path.name for path in tmp_path.iterdir()] == ["experiment.yaml"]
    assert (tmp_path / "experiment.yaml").read_text() == "mine"
    start_experiment(tmp_path, "my-data", force=True)
    assert (tmp_path / "experiment.yaml").read_text() != "mine"


def test_a_misspelt_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='Did you mean "smoke"'):
        start_experiment(tmp_path, "smoked")
    with pytest.raises(ConfigError, match='Did you mean "smollm2"'):
        copy_example("smolm2", tmp_path)


def test_examples_are_the_experiments_of_the_repository(repository: Path) -> None:
    shipped = sorted(path.stem for path in repository.glob("experiments/*.yaml"))
    assert [each.name for each in list_examples()] == shipped


@pytest.mark.parametrize("name", [each.name for each in list_examples() if each.name not in WITH_DATA])
def test_a_copied_example_stands_by_itself(name: str, tmp_path: Path) -> None:
    file, *_, schema = copy_example(name, tmp_path)
    text = file.read_text()
    assert text.startswith(f"# yaml-language-server: $schema={schema.name}\n")
    assert "experiments/" not in text
    if schema.name.startswith("experiment"):
        assert xdomain.open_experiment(file, store=tmp_path / "store").plan.train_stages


@pytest.mark.parametrize("name", [each.name for each in list_examples()])
def test_each_copied_file_is_valid_by_the_schema_that_its_first_line_names(name: str, tmp_path: Path) -> None:
    for path in copy_example(name, tmp_path):
        if path.suffix == ".yaml":
            line = path.read_text().partition("\n")[0]
            schema = path.parent / line.removeprefix("# yaml-language-server: $schema=")
            Draft202012Validator(json.loads(schema.read_text())).validate(read_yaml(path))


def test_copied_stand_ins_let_a_papers_grid_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, *_ = copy_example("when-domains-interact", tmp_path)
    assert "python stand_ins.py FOLDER" in file.read_text()
    subprocess.run([sys.executable, "stand_ins.py", "data"], cwd=tmp_path, check=True)
    monkeypatch.setenv("XDOMAIN_DATA", str(tmp_path / "data"))
    assert xdomain.open_experiment(file, store=tmp_path / "store").plan.train_stages


def test_domain_files_come_with_an_example(tmp_path: Path) -> None:
    written = [str(path.relative_to(tmp_path)) for path in copy_example("bring-your-own", tmp_path)]
    assert written[1] == "domains/bbh_boolean_expressions_short.yaml"
