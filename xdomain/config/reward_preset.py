"""Published reward tables that a domain names: `reward: cgpo`."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import yaml

from xdomain.config.domain_reward import RewardPreset
from xdomain.core.errors import ConfigError
from xdomain.core.registry import did_you_mean

PRESETS = Path(str(files("xdomain"))) / "domains" / "presets"


def preset_names() -> list[str]:
    return sorted(path.stem for path in PRESETS.glob("*.yaml"))


@lru_cache(maxsize=32)
def load_preset(name: str) -> RewardPreset:
    """Read a shipped preset.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in preset_names():
        raise ConfigError(
            f'unknown reward preset "{name}".{did_you_mean(name, preset_names())}',
            where="domains.reward",
            fix=f"Known: {', '.join(preset_names())}; or write a shape with right, wrong and malformed.",
        )
    return RewardPreset.model_validate(yaml.safe_load((PRESETS / f"{name}.yaml").read_text(encoding="utf-8")))
