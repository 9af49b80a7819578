"""Draw rows from a generator. Each split has its own streams. Draws whose hash belongs to another split are skipped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xdomain.config.domain import FieldConfig
from xdomain.config.domain_registry import GENERATORS
from xdomain.config.domain_source import ProceduralSource
from xdomain.config.domain_verifier import Place
from xdomain.core.errors import ConfigError, DataError
from xdomain.core.seeds import generator
from xdomain.domains.base import Split
from xdomain.domains.procedural.base import Generator
from xdomain.domains.sources.base import Part, Row, Source
from xdomain.domains.splits import prompt_key, split_of
from xdomain.domains.verifiers.base import Verifier
from xdomain.domains.verifiers.build import build_verifier

DEV_SHARE, TEST_SHARE = 0.1, 0.2
MOST_ATTEMPTS = 2000
"""Number of draws for one item after which the generator counts as having no further questions."""


class ProceduralRows(Source):
    """A source of distinct questions.

    Item i of a split is the first fitting draw of the stream (generator, level, split, i).
    """

    def __init__(self, config: ProceduralSource) -> None:
        self.config = config
        where = "domains.source.generator"
        self.generator = GENERATORS.build(config.generator, gives=Generator, where=where)  # type: ignore[type-abstract]
        self.level = self.generator.default_level if config.level is None else config.level
        if self.level not in self.generator.levels:
            levels = self.generator.levels
            raise ConfigError(
                f'"{config.generator}" has no level {self.level}.',
                where="domains.source.level",
                fix=f"It has levels {levels[0]} to {levels[-1]}.",
            )

    def parts(self) -> tuple[Part, ...]:
        return ("train", "dev", "test")

    def size(self, part: Part) -> int:
        return self.config.sizes[("train", "dev", "test").index(part)]

    def rows(self, part: Part) -> Sequence[Row]:
        seen: set[str] = set()
        return [self.row(Split(part), index, seen) for index in range(self.size(part))]

    def row(self, split: Split, index: int, seen: set[str]) -> Row:
        """Return the row at `index`, and add its question to `seen`."""
        rng = generator(self.config.generator, self.level, split, index)
        for _ in range(MOST_ATTEMPTS):
            question = self.generator.draw(rng, self.level)
            key = prompt_key(question.text)
            if key in seen or split_of(key, dev=DEV_SHARE, test=TEST_SHARE) is not split:
                continue
            seen.add(key)
            values = {
                "question": question.text,
                "gold": question.gold,
                "solution": question.solution,
                **question.metadata,
            }
            return Row(values, f"{self.config.generator}:{split}:{index}")
        raise DataError(
            f'"{self.config.generator}" at level {self.level} has fewer than {index + 1} distinct questions '
            f"for {split}.",
            where="domains.source.sizes",
            fix="Ask for fewer items or a higher level.",
        )

    def identity(self) -> Mapping[str, Any]:
        return {
            "kind": "procedural",
            "generator": self.config.generator,
            "version": self.generator.version,
            "level": self.level,
            "sizes": list(self.config.sizes),
        }

    def fields(self) -> Mapping[str, FieldConfig]:
        names = ("question", "gold", "solution", *self.generator.metadata)
        return {name: FieldConfig(column=name) for name in names}

    def question_fields(self) -> Iterable[str]:
        return ("question",)

    def verifier(self, answer_in: tuple[Place, ...] | None = None) -> Verifier:
        own = self.generator.verifier
        return build_verifier(own if answer_in is None else own.model_copy(update={"answer_in": answer_in}))
