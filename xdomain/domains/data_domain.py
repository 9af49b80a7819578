"""The domain that a `DomainConfig` describes. Its items come from rows, its verdicts from a verifier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_source import SOURCES, PluginSource
from xdomain.config.domain_verifier import (
    AssignmentVerifier,
    ChoiceVerifier,
    ExtractingVerifier,
    RubricJudge,
    SourceVerifier,
    VerifierConfig,
)
from xdomain.core.errors import ConfigError, PluginError, XDomainError
from xdomain.core.fingerprint import canonical_json
from xdomain.core.records import Verdict
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.item_building import limit_of, part_of
from xdomain.domains.item_cache import PROCESS_ITEMS, ItemCache
from xdomain.domains.payment import payment_of
from xdomain.domains.rewards import with_reward_prompt
from xdomain.domains.sources.base import Part, Source
from xdomain.domains.templates import compile_template
from xdomain.domains.verifiers.assignment import AssignmentChecker
from xdomain.domains.verifiers.base import Verifier
from xdomain.domains.verifiers.build import build_verifier

MARKS = {"boxed": "\\boxed", "tag": "<answer>"}
"""Mark without which an answer is not found, by place. Other places need no mark."""

UNGUESSABLE = ("unit_tests", "pairwise_judge", "rubric_judge", "criteria_judge")
"""Kinds of verifier for which the score of a constant answer is not computed."""

SPEED_AND_ISOLATION = ("workers", "allow_unsandboxed_code")
"""Settings of verifiers that are not part of a domain's identity."""

PIPELINE_VERSION = 2
"""Version that is raised whenever the same rows and the same description would give other items."""

ITEM_FIELDS = frozenset({"fields", "options", "template", "system", "filters", "limit", "split"})
"""Fields of a description that, together with its source, determine its items."""


class DataDomain(Domain):
    """A domain with items from a described source.

    The first call of `items` reads the rows, but only those of the source's part that contains the split.

    Args:
        config: Description of the domain.
        cache: Cache in which built items are looked up first.
    """

    def __init__(self, config: DomainConfig, cache: ItemCache = PROCESS_ITEMS) -> None:
        self._cache = cache
        config = with_reward_prompt(config)
        self.name = config.name
        self.config = config
        where = f"domains.{config.name}.source"
        self.source = SOURCES.build(config.source.kind, config.source, gives=Source, where=where)  # type: ignore[type-abstract]
        self.verifier = self.choose_verifier()
        self.payment = payment_of(config.reward, config.verifier.kind)
        if self.payment.graded and isinstance(config.verifier, RubricJudge) and not config.verifier.graded:
            raise ConfigError(
                "the reward is graded, but its rubric judge gives no credit between 0 and 1.",
                where=f"domains.{config.name}.verifier.graded",
                fix="Write `graded: true` under the verifier.",
            )
        self.gate, self.control = self.payment.gate, self.payment.control
        self.places = marks_of(config.verifier)
        self.allowed_overlap = frozenset(config.allow_overlap)
        self.choices = choices_of(config.verifier)
        self.stop = config.stop
        for name in {"template", "solution"} & config.model_fields_set:
            compile_template(getattr(config, name))
        self._splits: dict[Split, Sequence[Item]] = {}
        self._solutions: dict[str, str] = {}
        self._left_out: dict[Part, str | None] = {}

    def choose_verifier(self) -> Verifier:
        if not isinstance(self.config.verifier, SourceVerifier):
            with self._named():
                return build_verifier(self.config.verifier)
        verifier = self.source.verifier(self.config.verifier.answer_in)
        if verifier is None:
            raise ConfigError(
                f"its source ({self.config.source.kind}) brings no verifier.",
                where=f"domains.{self.name}.verifier",
                fix="Name one.",
            )
        return verifier

    def items(self, split: Split) -> Sequence[Item]:
        if split not in self._splits:
            part = part_of(split, self.source.parts())
            if part is not None:
                built = self._cache.part(self.config, self.source, part)
                self._left_out[part] = built.left_out
                for found, entries in built.splits.items():
                    self._splits[found] = tuple(entry.item for entry in entries)
                    self._solutions.update({entry.item.id: entry.solution for entry in entries})
        return self._splits.setdefault(split, ())

    def count(self, split: Split) -> int | None:
        part = part_of(split, self.source.parts())
        if part is None or self.source.reads_files or split in self._splits:
            return len(self.items(split))
        size, limit = self.source.size(part), limit_of(self.config, split)
        if size is None or self.config.filters:
            return None
        return size if limit is None else min(size, limit)

    def left_out(self) -> str | None:
        if self.config.on_bad_row == "refuse":
            return None
        for split in Split:
            self.items(split)
        found = [(part, sentence) for part, sentence in self._left_out.items() if sentence]
        return " ".join(sentence if part == "pool" else f"{part}: {sentence}" for part, sentence in found) or None

    def score(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        return self.verifier.judge(items, completions)

    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        return self.payment.pay(item, completion, verdict)[0]

    def reward_problem(self, item: Item, completion: str, verdict: Verdict) -> str:
        return self.payment.pay(item, completion, verdict)[1]

    def item_identity(self) -> Mapping[str, Any]:
        # Defaults are left out, so that a field added later does not change old identities.
        described = self.config.model_dump(mode="json", include=set(ITEM_FIELDS), exclude_defaults=True)
        source = dict(self.source.identity())
        if isinstance(self.config.source, PluginSource):
            source = self.plain_identity(source) | {"plugin": self.config.source.kind}
        return {"pipeline": PIPELINE_VERSION, "source": source, **described}

    def plain_identity(self, identity: dict[str, Any]) -> dict[str, Any]:
        """Return the identity of a plugin's source unchanged, if it can be part of a stage's key.

        Raises:
            PluginError: The identity is not plain JSON.
        """
        try:
            canonical_json(identity)
        except (TypeError, ValueError) as error:
            what = f"the identity of the source {SOURCES.described(self.config.source.kind)} is not plain JSON: {error}"
            raise PluginError(what, where=f"domains.{self.name}.source", fix="Correct that package.") from error
        return identity

    def verifier_identity(self) -> Mapping[str, Any]:
        """Return the scorer's id and the verifier's settings, without those that only change speed or isolation."""
        verifier = self.config.verifier
        # The verifier's id contains everything about a judge that matters.
        excluded = {*SPEED_AND_ISOLATION, "judge", "folder"}
        settings = verifier.model_dump(mode="json", exclude=excluded, exclude_defaults=True)
        return {"scorer": self.scorer, **settings, "kind": verifier.kind}

    def reward_identity(self) -> Mapping[str, Any]:
        return self.payment.identity()

    def solution_identity(self) -> Mapping[str, Any]:
        return self.config.model_dump(mode="json", include={"solution"}, exclude_defaults=True)

    def guess_rate(self, item: Item) -> float | None:
        verifier = self.config.verifier
        if isinstance(verifier, AssignmentVerifier):
            names = AssignmentChecker(verifier).read(item.gold)
            return float(verifier.roles) ** -len(names)
        return super().guess_rate(item)

    @property
    def scorer(self) -> str:
        return self.verifier.id

    def render_solution(self, item: Item) -> str:
        return self._solutions.get(item.id, item.gold)

    def unreadable_golds(self, items: Sequence[Item]) -> Sequence[Item]:
        return self.verifier.unreadable_golds(items)

    def preflight(self) -> None:
        with self._named():
            self.verifier.preflight()
            self.payment.preflight()

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Put the domain's name into the place of an error of its verifier, which does not know it."""
        try:
            yield
        except XDomainError as error:
            if error.where is None or not error.where.startswith("domains.verifier"):
                raise
            where = error.where.replace("domains", f"domains.{self.name}", 1)
            raise type(error)(error.what, where=where, fix=error.fix) from error

    def close(self) -> None:
        self.verifier.close()


def marks_of(verifier: VerifierConfig) -> tuple[str, ...]:
    """Return the marks that a completion must write (see `Domain.places`)."""
    places = (verifier.answer_in or ()) if isinstance(verifier, ExtractingVerifier | SourceVerifier) else ()
    if not places:
        return ()
    return tuple(MARKS[place] for place in places) if all(place in MARKS for place in places) else ()


def choices_of(verifier: VerifierConfig) -> int | None:
    """Return the number of answers that a guesser chooses from (see `Domain.choices`)."""
    if isinstance(verifier, ChoiceVerifier):
        return len(set(verifier.choices))
    return 0 if verifier.kind in UNGUESSABLE else None
