"""Rewards: values per verdict, a format gate and a length term. Rewards never change an accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from xdomain.config.function import FunctionConfig
from xdomain.config.mistakes import UNKNOWN_NAME, mistake
from xdomain.config.model_base import ConfigModel
from xdomain.config.plugin import NAMED_IN
from xdomain.core.errors import ConfigError
from xdomain.core.registry import did_you_mean


class FormatGate(ConfigModel):
    """A format that completions must have: `<think>...</think><answer>...</answer>`. Others get `value`.

    Each tag occurs once, with nothing but white space around the two. The opening `<think>` may be missing if there is
    text before `</think>`, because some chat templates write it at the end of the prompt.
    """

    think_tag: str | None = "think"
    """Name of the tag around the reasoning; null requires none."""
    answer_tag: str | None = "answer"
    """Name of the tag around the answer; null requires none."""
    value: float = -1.0
    """Reward of a completion without this format, even if its answer is right."""


def _old_name(schema: dict[str, Any]) -> None:
    """Add the old name `per_character` to a JSON schema, so that editors accept it."""
    old = {"description": "Earlier name of `per_unit`.", "deprecated": True}
    schema["properties"]["per_character"] = schema["properties"]["per_unit"] | old


class LengthTerm(ConfigModel):
    """A term that subtracts `per_unit * min(abs(len(answer) - len(gold)), cap)` from the reward of a right answer."""

    per_unit: float = Field(default=0.05, ge=0)
    """Reward that is subtracted per unit of difference in length."""
    cap: int = Field(default=10, ge=0)
    """Difference in length above which the cost no longer grows."""
    unit: Literal["characters", "tokens"] = "characters"
    """Unit of length. A token is a word, a digit or a single other sign, independent of the model's tokenizer, so that
    one reward suits every model."""

    model_config = ConfigDict(json_schema_extra=_old_name)

    @model_validator(mode="before")
    @classmethod
    def old_name(cls, data: Any) -> Any:
        """Accept `per_character`, the earlier name of `per_unit`."""
        if isinstance(data, Mapping) and "per_character" in data and "per_unit" not in data:
            return {"per_unit" if key == "per_character" else key: value for key, value in data.items()}
        return data


class RewardShape(ConfigModel):
    """Reward values by verdict. An unscored completion has no reward."""

    right: float = 1.0
    """Reward of a right answer, before `length` is subtracted."""
    wrong: float = 0.0
    """Reward of a wrong answer."""
    tie: float | None = None
    """Reward of a pairwise judge's tie (score 0.5); null pays it as wrong."""
    malformed: float = 0.0
    """Reward of a completion in which no answer of the required form was found."""
    graded: bool = False
    """Reward every answer by its credit c, as `wrong + c * (right - wrong)`, whether or not it counts as right. Use it
    for judges whose credit is a share (`criteria_judge`, and `rubric_judge` with `graded: true`)."""
    gate: FormatGate | None = None
    """Format without which a completion is not paid by its verdict; null demands none."""
    length: LengthTerm | None = None
    """Cost of right answers that are longer or shorter than the gold; null has no cost. It has no effect with `graded`.
    """
    control: bool = False
    """Mark a control arm, whose reward intentionally does not pay the right answer best. Without this mark, such a
    reward is refused."""


class FunctionReward(FunctionConfig):
    """A Python function that computes the reward.

    `def reward(item, completion, verdict)` returns a number, or None for no reward. It is not called for unscored
    completions. See docs/how-to/extend.md.
    """

    control: bool = False
    """Mark a control arm, as for reward values."""


class RewardPrompt(ConfigModel):
    """The prompt that a preset adds to the domains that use it, so that completions can pass its gate."""

    system: str
    """System message of a domain that sets no `system` itself."""
    solution: str
    """Solution template (Jinja2 over the fields) of a domain that sets no `solution` itself."""


class RewardPreset(ConfigModel):
    """A published reward table: reward values per kind of task, and the table that each verifier uses."""

    source: str
    """Paper and section that the values are from."""
    prompt: RewardPrompt | None = None
    """Prompt that asks for the tags that the tables' gates require; null if no table has a gate."""
    tables: dict[str, RewardShape]
    by_verifier: dict[str, str]
    """Table name by verifier kind. "default" is used for all other kinds."""

    @field_validator("by_verifier")
    @classmethod
    def has_default(cls, by_verifier: dict[str, str]) -> dict[str, str]:
        if "default" not in by_verifier:
            raise ValueError("should name a table for `default`.")
        return by_verifier


PRESET_FOLDER = Path(str(files("xdomain"))) / "domains" / "presets"
PRESETS = "xdomain.presets"
"""Mark of a preset's name in a raw JSON schema."""


def preset_names() -> list[str]:
    return sorted(path.stem for path in PRESET_FOLDER.glob("*.yaml"))


@lru_cache(maxsize=32)
def load_preset(name: str) -> RewardPreset:
    """Read a shipped preset.

    Raises:
        ConfigError: There is no preset of that name.
    """
    if name not in preset_names():
        raise ConfigError(
            f'unknown reward preset "{name}".{did_you_mean(name, preset_names())}',
            where="domains.reward",
            fix=f"Known: {', '.join(preset_names())}. Or write a mapping with right, wrong and malformed.",
        )
    return RewardPreset.model_validate(yaml.safe_load((PRESET_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))


def preset_table(reward: str, verifier_kind: str) -> RewardShape:
    """Return the table that "preset/table" names, or the preset's table for the verifier.

    Raises:
        ConfigError: The preset or the table is unknown.
    """
    name, _, table = reward.partition("/")
    preset = load_preset(name)
    table = table or preset.by_verifier.get(verifier_kind, preset.by_verifier["default"])
    if table not in preset.tables:
        raise ConfigError(
            f'the reward preset "{name}" has no table "{table}".{did_you_mean(table, preset.tables)}',
            where="domains.reward",
            fix=f"Its tables: {', '.join(preset.tables)}.",
        )
    return preset.tables[table]


def _known_preset(reward: str) -> str:
    try:
        preset_table(reward, "default")
    except ConfigError as error:
        raise mistake(UNKNOWN_NAME, f"{error.what} {error.fix}") from error
    return reward


PresetName = Annotated[str, AfterValidator(_known_preset), Field(json_schema_extra={NAMED_IN: PRESETS})]


def _reward_tag(reward: Any) -> str | None:
    if isinstance(reward, str):
        return "[str]"
    if isinstance(reward, FunctionReward) or (isinstance(reward, Mapping) and "function" in reward):
        return "[FunctionReward]"
    return "[RewardShape]" if isinstance(reward, Mapping | RewardShape) else None


RewardConfig = Annotated[
    Annotated[PresetName, Tag("[str]")]
    | Annotated[RewardShape, Tag("[RewardShape]")]
    | Annotated[FunctionReward, Tag("[FunctionReward]")],
    Discriminator(
        _reward_tag,
        custom_error_type="reward",
        custom_error_message="should be the name of a preset, a mapping of values (right, wrong, malformed), or "
        "{function: ...}",
    ),
]
"""The name of a preset, a mapping of values, or a function."""
