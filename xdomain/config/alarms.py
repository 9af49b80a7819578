"""Configuration of alarms: tests during a training stage of whether a domain gets worse."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from xdomain.config.model_base import ConfigModel


class AlarmsConfig(ConfigModel):
    """Alarms of a training stage: its model answers dev items at several steps, and a test compares them with the
    stage's start."""

    domains: Literal["all"] | Annotated[tuple[str, ...], Field(min_length=1)] = "all"
    """Monitored domains, trained or not. all: every domain of the experiment with enough dev items."""
    alpha: float = Field(0.05, ge=0.001, le=0.5)
    """Probability of a false alarm per stage, over all looks and domains."""
    budget: float = Field(0.05, gt=0, le=1)
    """Largest number of completions of all looks, as a share of the completions that the stage samples for training. It
    decides the number of looks and items, and thereby the smallest drop that can be found."""
    on_alarm: Literal["warn", "stop", "refresh"] = "warn"
    """What an alarm does. warn: it is reported, and the stage continues as without alarms. stop: if the accuracy also
    fell by `threshold`, the stage stops and counts as failed, so that no stage starts from it. Its last checkpoint
    before the damage is published under a title that says so. refresh: the stage and those after it continue as
    without alarms. If the accuracy is still down by `threshold` at the last look, a short stage also starts from its
    end and trains on the domain with an alarm that is down most. Only with `stop`, alarms are part of a stage's key."""
    threshold: float = Field(0.03, ge=0, lt=1)
    """Smallest fall of accuracy that stops or refreshes a stage. Smaller ones are only reported."""
    refresh_steps: int | None = Field(None, ge=1)
    """Optimizer steps of a refresh. By default, it has a quarter of the stage's steps."""
    refresh_warmup: float = Field(0.2, ge=0, lt=1)
    """Share of a refresh's steps in which the learning rate rises, because a new optimizer's first steps are erratic.
    `warmup_ratio` applies if it is larger."""

    @field_validator("domains")
    @classmethod
    def _once(cls, names: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for index, name in enumerate(names if isinstance(names, tuple) else ()):
            if name in names[:index]:
                raise ValueError(f'the domain "{name}" is listed twice. Remove one of them.')
        return names

    @property
    def stops(self) -> bool:
        """Whether an alarm may stop a stage, so that alarms are part of the stage's key."""
        return self.on_alarm == "stop"

    @property
    def refreshes(self) -> bool:
        """Whether an alarm may add a refresh after a stage."""
        return self.on_alarm == "refresh"

    def monitored(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the monitored domains among the experiment's `names`."""
        return names if isinstance(self.domains, str) else self.domains
