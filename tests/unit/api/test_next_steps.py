from __future__ import annotations

from pathlib import Path

from xdomain.api.next_steps import next_command
from xdomain.api.session import open_experiment
from xdomain.api.templates import start_experiment


def test_a_next_command_names_the_store_and_the_settings_that_would_be_forgotten(tmp_path: Path) -> None:
    experiment, *_ = start_experiment(tmp_path / "my demo", "two-domains")
    session = open_experiment(experiment, store=tmp_path / "s", settings=["training.steps=20"])
    quoted = f"'{experiment}'"
    assert next_command("report", session) == f"xdomain report {quoted}"
    assert (
        next_command("grid run", session, Path("a b"))
        == f"xdomain grid run {quoted} --store 'a b' --set training.steps=20"
    )
