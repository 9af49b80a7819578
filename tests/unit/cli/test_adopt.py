"""`xdomain adopt` publishes the declared checkpoints and says what to type next."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from xdomain.cli.app import app
from xdomain.models.checkpoint import save_full
from xdomain.models.tiny import tiny_qwen3


def test_checkpoints_are_published(tmp_path: Path) -> None:
    save_full(*tiny_qwen3(seed=5), tmp_path / "tuned", chat_template=False)
    path = tmp_path / "adopted.yaml"
    path.write_text(
        "name: adopted\nmodel: {preset: tiny_qwen3}\ndomains: [logic]\nexecution: {executor: inline}\n"
        "adopted: [{curriculum: logic, checkpoints: [{step: 7, path: tuned}]}]\n"
    )
    store = tmp_path / "store"
    ended = CliRunner().invoke(app, ["adopt", str(path), "--store", str(store)])
    assert ended.exit_code == 0, ended.output
    assert f"xdomain grid run {path}" in ended.output.replace("\n", "")
    assert len(list(store.glob("stages/train-logic-seed-0-*/checkpoints/step-000007/model.safetensors"))) == 1
    assert not list(store.glob("stages/evaluate-*"))
    again = CliRunner().invoke(app, ["adopt", str(path), "--store", str(store), "--json"])
    assert again.exit_code == 0
    assert '"published"' not in again.output
