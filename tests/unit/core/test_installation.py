"""The pip command that adds an extra fits the way xdomain was installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xdomain.core.installation import install_command


def install(folder: Path, direct_url: dict | None) -> None:
    """Write what pip notes about an installed package."""
    info = folder / "xdomain-0.2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: xdomain\nVersion: 0.2.0\n")
    if direct_url is not None:
        (info / "direct_url.json").write_text(json.dumps(direct_url))


@pytest.mark.parametrize(
    ("noted", "command"),
    [
        ({"url": "file:///home/me/x%20y", "dir_info": {}}, 'pip install "/home/me/x y[vllm]"'),
        ({"url": "file:///home/me/x", "dir_info": {"editable": True}}, 'pip install -e "/home/me/x[vllm]"'),
        (
            {"url": "file:///tmp/xdomain-0.2.0-py3-none-any.whl", "archive_info": {}},
            'pip install "xdomain[vllm] @ file:///tmp/xdomain-0.2.0-py3-none-any.whl"',
        ),
    ],
)
def test_the_command_names_what_was_installed(
    noted: dict, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, noted)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert install_command("vllm") == command


def test_a_checkout_is_named_where_pip_noted_nothing(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, None)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert install_command("train", "ray") == f'pip install "{repository}[train,ray]"'


def test_an_extra_that_would_be_compiled_is_completed_without_dependencies() -> None:
    assert install_command("reasoning-gym").endswith(' && pip install --no-deps "reasoning-gym>=0.1.25,<0.2"')
