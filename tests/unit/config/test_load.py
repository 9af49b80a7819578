"""Experiment files: every mistake is one paragraph with the file and the field."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.config.load import load_experiment
from xdomain.config.study import load_study
from xdomain.core.errors import ConfigError, XDomainError

GOOD = """
name: test
model: {preset: tiny_qwen3}
domains: [math, logic]
grid: {singles: true}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "experiment.yaml"
    path.write_text(text)
    return path


def test_a_good_file_loads_with_overrides(tmp_path: Path) -> None:
    experiment = load_experiment(write(tmp_path, GOOD), ["training.steps=7", "seeds=[3, 4]"])
    assert experiment.training.steps == 7
    assert experiment.seeds == (3, 4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "trainig: {}\n", 'unknown key "trainig". Did you mean "training"?'),
        (GOOD + "training: {learning_rat: 1}\n", 'unknown key "learning_rat". Did you mean "learning_rate"?'),
        (GOOD.replace("preset: tiny_qwen3", "preset: tiny_qwen3, path: x"), "exactly one of preset, path, hub, gguf"),
        (GOOD.replace("name: test", "name: ../up"), "names a folder"),
        (GOOD.replace("name: test", "name: a/b"), "names a folder"),
        (GOOD.replace("[math, logic]", "[math, math]"), "twice"),
        (GOOD.replace("{singles: true}", "{}"), "nothing to train"),
        (GOOD + "curricula: ['math -> logik']\n", 'not under `domains`: math, logic. Did you mean "logic"?'),
        (GOOD + "curricula: ['math ->']\n", 'without a domain. Write it like "math -> logic".'),
        (GOOD + "curricula: ['math + math']\n", "twice in one phase"),
        (GOOD + "training: {generations: 1}\n", "training.generations"),
        (GOOD + "training: {prompts_per_step: 3, generations: 3, micro_batch: 2}\n", "should divide"),
        (GOOD + "training: {steps: 10, updates_per_rollout: 4}\n", "multiple of updates_per_rollout"),
        (GOOD + "training: {grpo: {entropy_coef: 0.1}}\n", "entropy bonus"),
        (GOOD + "training: {grpo: {max_steps: 3}}\n", "a stage sets these itself"),
        (GOOD + "checkpoints: {every_steps: 3}\ntraining: {steps: 4, updates_per_rollout: 2}\n", "cannot be saved"),
        (GOOD + "evaluation: {samples: 4}\n", "repeats one completion"),
        (GOOD + "seeds: [1, 1]\n", "seeds.1: the seed 1 is listed twice"),
        ("name: [unclosed\n", "is not YAML"),
        ("- a list\n", "should be a mapping"),
    ],
)
def test_mistakes_name_file_and_field(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        load_experiment(path)
    assert words in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 2


def test_missing_file_and_unset_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_experiment(tmp_path / "none.yaml")
    monkeypatch.delenv("XDOMAIN_UNSET", raising=False)
    with pytest.raises(ConfigError, match=r"model.path: \$\{XDOMAIN_UNSET\} is not set"):
        load_experiment(write(tmp_path, GOOD.replace("preset: tiny_qwen3", "path: '${XDOMAIN_UNSET}/m'")))


def test_paths_of_a_model_count_from_the_file_and_on_the_command_line_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    path = write(tmp_path / "sub", GOOD.replace("preset: tiny_qwen3", "path: ../weights"))
    found = load_experiment(path).model.path
    assert found is not None
    assert Path(found).resolve() == tmp_path / "weights"
    assert load_experiment(path, ["model.path=mine"]).model.path == str(tmp_path / "mine")
    packaged = write(tmp_path, GOOD.replace("preset: tiny_qwen3", "gguf: 'package:some/model.gguf'"))
    assert load_experiment(packaged).model.gguf == "package:some/model.gguf"


EXPERIMENTS = sorted((Path(__file__).parents[3] / "experiments").glob("*.yaml"))
STUDIES = ("breaking-barriers",)
"""Read by `load_study`."""


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_shipped_experiments_load(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDOMAIN_DATA", "/nowhere")
    try:
        load_study(path) if path.stem in STUDIES else load_experiment(path)
    except XDomainError as error:
        pytest.fail(str(error))


def test_a_contrast_of_a_domain_that_the_experiment_lacks(tmp_path: Path) -> None:
    for contrast, wrong in {
        "order(math, scence) on math": "scence",
        "transfer(math on lgic)": "lgic",
    }.items():
        text = GOOD + f'\nanalysis: {{contrasts: ["{contrast}"]}}\n'
        with pytest.raises(
            ConfigError, match=rf'analysis\.contrasts\.0: .* uses "{wrong}", which is not under `domains`'
        ):
            load_experiment(write(tmp_path, text))


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("seeds=[0", r"--set seeds:1:3: is not YAML"),
        ("seeds=[&a [*a]]", r"--set seeds:1:6: uses \*a inside"),
        ("training.steps=010", "--set training.steps:1:1: holds 010, which is octal"),
        ("training.steps=" + "9" * 5000, "--set training.steps:1:1: holds the integer 9"),
        ("training.steps=12:30", '--set training.steps: should be a whole number. Found "12:30".'),
    ],
)
def test_a_setting_is_read_as_a_file_is(tmp_path: Path, setting: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load_experiment(write(tmp_path, GOOD), [setting])
