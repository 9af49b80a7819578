"""Models and fields inside a model."""

from __future__ import annotations

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_verifier import TextVerifier
from xdomain.config.experiment import Experiment
from xdomain.config.model_fields import model_at, models_in, places_of
from xdomain.config.training import TrainingConfig


def test_a_location_leads_to_a_model() -> None:
    assert model_at(Experiment, ()) is Experiment
    assert model_at(Experiment, ("training",)) is TrainingConfig
    assert model_at(Experiment, ("domains", 1, "[DomainConfig]")) is DomainConfig
    assert model_at(Experiment, ("domains", 1, "[DomainConfig]", "verifier", "[text]")) is TextVerifier
    assert model_at(Experiment, ("strategies", 0)) is None


def test_a_field_is_found_where_it_is_least_deep() -> None:
    assert places_of("steps", Experiment) == ["training"]
    assert places_of("normalise", DomainConfig) == ["verifier (kind: text)"]
    assert places_of("nowhere", Experiment) == []


def test_every_model_of_an_annotation_is_found() -> None:
    assert models_in(dict[str, TextVerifier] | tuple[DomainConfig, ...] | None) == [TextVerifier, DomainConfig]
