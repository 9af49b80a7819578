"""From what a scheduler tells to the documented events."""

from __future__ import annotations

from pathlib import Path

from tests.support.plans import make_plan
from xdomain.api.run_events import (
    RUN_EVENT,
    EventObserver,
    RunBegun,
    RunEvent,
    StageEvent,
    alarm_text,
    as_observer,
    optional_in_words,
)
from xdomain.api.running import RunObserver
from xdomain.core.states import Cause, EventKind
from xdomain.schedule.events import Event, RunOutcome
from xdomain.store.failures import Failure
from xdomain.store.store import Store


def test_events_are_those_of_the_schema(tmp_path: Path) -> None:
    told: list[RunEvent] = []
    plan = make_plan()
    observer = EventObserver(told.append)
    observer.begin(plan, Store(tmp_path / "store"))
    stage = plan.train_stages[0]
    observer.watch(Event(EventKind.STARTED, stage))
    observer.watch(Event(EventKind.FAILED, stage, {"message": "no memory", "log": "a.log"}))
    observer.watch(None)
    observer.end(RunOutcome(failed={stage.key: Failure(Cause.ERROR, "no memory", "a.log")}))
    assert [each.event for each in told] == ["begun", "started", "failed", "ended"]
    failed = told[2]
    assert isinstance(failed, StageEvent)
    assert (failed.key, failed.message, failed.log) == (stage.key, "no memory", "a.log")
    for each in told:
        assert RUN_EVENT.validate_json(each.model_dump_json()) == each


def test_a_callback_becomes_an_observer_and_an_observer_stays() -> None:
    observer = RunObserver()
    assert as_observer(observer) is observer
    assert type(as_observer(None)) is RunObserver
    assert isinstance(as_observer(print), EventObserver)


def test_an_alarm_without_a_message_shows_its_values() -> None:
    assert alarm_text({"message": "reward fell"}) == "reward fell"
    assert alarm_text({"kl": 3.0}) == "kl 3.0"


def test_optional_stages_are_marked_and_counted_apart(tmp_path: Path) -> None:
    told: list[RunEvent] = []
    alarms = {"on_alarm": "refresh", "budget": 1.0}
    plan = make_plan(training={"steps": 8, "prompts_per_step": 4, "generations": 2, "alarms": alarms})
    observer = EventObserver(told.append)
    observer.begin(plan, Store(tmp_path / "store"))
    key, optional = next(iter(plan.optional.items()))
    observer.watch(Event(EventKind.NOT_NEEDED, optional.stage))
    observer.watch(Event(EventKind.STARTED, plan.base))
    outcome = RunOutcome(ran=[plan.base.key, list(plan.optional)[1]], not_needed=[key])
    observer.end(outcome)
    begun, skipped, started, _ = told
    assert isinstance(begun, RunBegun)
    assert (begun.stages, begun.optional, begun.done) == (len(plan.stages), len(plan.optional), 0)
    assert isinstance(skipped, StageEvent)
    assert isinstance(started, StageEvent)
    assert (skipped.event, skipped.optional, started.optional) == ("not needed", True, False)
    assert outcome.finished(plan.stages) == 1
    assert optional_in_words(plan, outcome) == f"; optional: 1 of {len(plan.optional)} done, 1 not needed"
    assert optional_in_words(make_plan(), outcome) == ""
    for each in told:
        assert RUN_EVENT.validate_json(each.model_dump_json()) == each
