"""Options of `xdomain eval` that do not go together."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.api.evaluation import EvaluationOptions
from xdomain.cli.evaluate import refuse_misfits
from xdomain.core.errors import ConfigError

OPTIONS = EvaluationOptions()
SET = EvaluationOptions(settings=["evaluation.batch_tokens=64"])
OF_BASE = EvaluationOptions(base_settings=["model.dtype=float16"])


@pytest.mark.parametrize(
    ("options", "domains", "lm_eval", "formats", "words"),
    [
        (OPTIONS, None, None, None, "either --domains or --lm-eval"),
        (OPTIONS, "math", "arc_easy", None, "either --domains or --lm-eval"),
        (OPTIONS, "math", None, ["json"], "--format and --out need each other"),
        (OF_BASE, "math", None, None, "--base-set needs --base"),
        (SET, None, "arc_easy", None, "settings need --domains"),
    ],
)
def test_misfits(
    options: EvaluationOptions, domains: str | None, lm_eval: str | None, formats: list[str] | None, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        refuse_misfits(options, domains, None, lm_eval, formats, None)


def test_formats_are_known(tmp_path: Path) -> None:
    refuse_misfits(OPTIONS, "math", None, None, ["json", "lm-eval"], tmp_path)
    with pytest.raises(ConfigError, match="Did you mean"):
        refuse_misfits(OPTIONS, "math", None, None, ["jsn"], tmp_path)
    with pytest.raises(ConfigError, match="the harness's own files"):
        refuse_misfits(OPTIONS, None, None, "arc_easy", ["lm-eval"], tmp_path)
