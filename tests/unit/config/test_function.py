"""Functions in an experiment file: found when the file is read, with the digest of their source."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from xdomain.config.domain_file import load_domain_file
from xdomain.config.domain_reward import FunctionReward
from xdomain.config.domain_verifier import FunctionVerifier
from xdomain.config.load import load_experiment
from xdomain.core.errors import ConfigError
from xdomain.domains.build import build_domain

SOURCE = """
import nosuchmodule
def score(item, completion): return True
def reward(item, completion, verdict): return 1
"""
DOMAIN = """
name: sums
source: {kind: procedural, generator: arithmetic}
verifier: {function: "my_rewards:score"}
reward: {function: "my_rewards:reward"}
"""


def write(folder: Path, text: str = DOMAIN) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "my_rewards.py").write_text(SOURCE)
    (folder / "sums.yaml").write_text(text)
    return folder / "sums.yaml"


def test_folder_and_digest_are_filled_in_and_nothing_is_imported(tmp_path: Path) -> None:
    found = load_domain_file(write(tmp_path))
    digest = hashlib.sha256(SOURCE.encode()).hexdigest()
    filled = {"folder": str(tmp_path), "source_digest": digest}
    assert found.verifier == FunctionVerifier(function="my_rewards:score", **filled)
    assert found.reward == FunctionReward(function="my_rewards:reward", **filled)
    built = build_domain(found)
    assert built.verifier_identity() == {
        "scorer": f"function/{digest[:16]}",
        "kind": "function",
        "function": "my_rewards:score",
        "source_digest": digest,
    }
    assert built.reward_identity() == {"function": "my_rewards:reward", "source_digest": digest}


def test_a_copy_in_another_folder_has_the_same_identity(tmp_path: Path) -> None:
    here, there = (build_domain(load_domain_file(write(tmp_path / name))) for name in ("here", "there"))
    assert here.verifier_identity() == there.verifier_identity()
    assert here.reward_identity() == there.reward_identity()


def test_the_folder_is_that_of_the_file_that_names_the_function(tmp_path: Path) -> None:
    write(tmp_path / "domains")
    experiment = tmp_path / "grid.yaml"
    experiment.write_text(
        "name: grid\nmodel: {preset: tiny_qwen3}\ndomains: [{file: domains/sums.yaml}]\n"
        "curricula: [sums]\ntraining: {steps: 2}\n"
    )
    (domain,) = load_experiment(experiment).domains
    assert domain.verifier.folder == str(tmp_path / "domains")


def test_a_worker_takes_what_the_plan_found(tmp_path: Path) -> None:
    planned = load_domain_file(write(tmp_path)).verifier
    text = planned.model_dump_json()
    (tmp_path / "my_rewards.py").unlink()
    assert FunctionVerifier.model_validate_json(text) == planned


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("my_rewards:score", "my_rewards:scor", 'defines no "scor". Did you mean "score"?'),
        ("my_rewards:score", "my_rewrads:score", 'there is no module "my_rewrads" among the installed packages or in'),
        ("my_rewards:score", "my_rewards.score", "It has no colon. Write it as"),
        ("my_rewards:reward", "my_rewards:rewrd", "reward: "),
        ('"my_rewards:score"}', '"my_rewards:score", timeout: 3}', 'verifier.timeout: unknown key "timeout"'),
        ('{function: "my_rewards:score"}', "function", "verifier.function: is missing. Add `function:` with a value."),
    ],
)
def test_mistakes_are_told_when_the_file_is_read(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_domain_file(write(tmp_path, DOMAIN.replace(old, new)))
    assert words in str(caught.value)
    assert "sums.yaml:" in str(caught.value)
