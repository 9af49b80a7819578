"""The form of alarms in the JSON export."""

from __future__ import annotations

import json

from xdomain.analysis.result.alarms import AlarmLook, MonitoredDomain, RaisedAlarm

ALARM = RaisedAlarm(step=20, change=-0.1, p=0.001, onset_after=10, onset_by=20, onset_low=0, onset_high=20)
MONITORED = MonitoredDomain(
    run="math -> logic",
    seed=0,
    domain="math",
    method="sign-flip",
    items=100,
    detectable_drop=0.14,
    discordant=0.2,
    alarm=ALARM,
    looks=(AlarmLook(step=0, accuracy=0.5), AlarmLook(step=20, accuracy=None, p=0.001)),
)


def test_it_is_read_as_it_was_written() -> None:
    document = json.loads(MONITORED.model_dump_json())
    assert document["alarm"]["onset_low"] == 0
    assert document["looks"][0] == {"step": 0, "accuracy": 0.5, "p": None}
    assert MonitoredDomain.model_validate(document) == MONITORED
