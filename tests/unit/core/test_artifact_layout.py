"""Where checkpoints lie inside a stage's folder."""

from __future__ import annotations

from pathlib import Path

from xdomain.core.artifact_layout import MANIFEST, checkpoint_folder, foundation_folder
from xdomain.core.files import write_json


def test_a_checkpoint_is_named_by_its_step(tmp_path: Path) -> None:
    assert checkpoint_folder(tmp_path, 40) == tmp_path / "checkpoints" / "step-000040"


def test_an_adapter_names_its_base_checkpoint(tmp_path: Path) -> None:
    below, adapter, full = (checkpoint_folder(tmp_path / name, 0) for name in ("base", "adapter", "full"))
    for folder in (below, adapter, full):
        folder.mkdir(parents=True)
    write_json(adapter / MANIFEST, {"foundation": "../../../base/checkpoints/step-000000"})
    write_json(full / MANIFEST, {"foundation": None})
    assert foundation_folder(adapter) == below.resolve()
    assert foundation_folder(full) is None
    assert foundation_folder(tmp_path) is None, "no checkpoint"
