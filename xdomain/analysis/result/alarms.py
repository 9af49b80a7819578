"""What a stage's alarms saw in one domain."""

from __future__ import annotations

from typing import Literal

from xdomain.analysis.matrix import ResultModel


class AlarmLook(ResultModel):
    """One look at the dev items of a domain."""

    step: int
    """Optimizer steps inside the phase; 0 is the reference at its start."""
    accuracy: float | None
    """Mean score of the items of every look; null if none could be judged."""
    p: float | None = None
    """p value of this look by itself; null for the reference."""


class RaisedAlarm(ResultModel):
    """An alarm: a domain got worse than at the start of the phase."""

    step: int
    """Step of the look that raised it."""
    change: float
    """Change of accuracy since the reference, at that look."""
    p: float
    onset_after: int
    """Step of the last look before the change point."""
    onset_by: int
    """Step of the first look after it."""
    onset_low: int
    """Lower end of the 95% interval of the change point, which resamples the items."""
    onset_high: int
    """Upper end of that interval."""


class MonitoredDomain(ResultModel):
    """A domain that was monitored during the last phase of a run, for one seed."""

    run: str
    seed: int
    domain: str
    method: str
    """Test: "sign-flip" or "screen and confirm"."""
    items: int
    """Number of items of every look."""
    detectable_drop: float
    """Drop that is found with a probability of about 80% if it begins in mid-phase."""
    discordant: float
    """Share of the items whose score differs between the reference and the last look."""
    alarm: RaisedAlarm | None = None
    """Null if no alarm was raised, which does not show that nothing changed."""
    refresh: Literal["needed", "not needed"] | None = None
    """Whether the optional refresh of the domain after this phase is needed; null if none was planned."""
    looks: tuple[AlarmLook, ...]
    """All looks, the reference first."""
