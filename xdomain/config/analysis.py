"""What the analysis is asked beforehand: declared contrasts, and conditions that fail a run in CI.

    quantity  := name "(" [run ("," run)*] ["on" domain] ")" ["on" domain]
    run       := curriculum ["[" strategy "]"]
    condition := quantity ("<" | "<=" | ">" | ">=") number

Examples: "order(math, science) on science", "transfer(math on logic)", "retention(math -> science) < -0.05".
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from xdomain.config.curriculum import DOMAIN_NAME, Curriculum
from xdomain.config.model_base import ConfigModel
from xdomain.config.run_id import RunId, parse_run
from xdomain.core.errors import ConfigError
from xdomain.core.registry import did_you_mean

QUANTITY = re.compile(r"(?P<name>\w+)\s*\((?P<inside>(?:[^()\[\]]|\[[^\[\]]*\])*)\)(?:\s*on\s+(?P<domain>\w+))?")
CONDITION = re.compile(r"(?P<quantity>.*?)(?P<operator><=|>=|<|(?<!-)>)(?P<number>[^<>=]*)")
COMMA = re.compile(r",(?![^\[]*\])")
"""A comma outside brackets: a strategy's label may hold commas."""


@dataclass(frozen=True)
class Form:
    """How a quantity is written: how many runs it takes, and whether it names an evaluated domain."""

    runs: tuple[int, ...]
    domain: bool | None
    """True: needed. False: refused. None: may be left out where only one is defined."""


FORMS: dict[str, Form] = {
    "accuracy": Form((1,), True),
    "change": Form((1,), True),
    "transfer": Form((1,), True),
    "relative_transfer": Form((1,), True),
    "asymmetry": Form((2,), False),
    "asymmetry_logit": Form((2,), False),
    "asymmetry_relative": Form((2,), False),
    "order": Form((2,), True),
    "order_sensitivity": Form((2,), False),
    "retention": Form((1,), None),
    "plasticity": Form((1,), None),
    "refresh": Form((1,), None),
    "mix_gain": Form((1, 2), True),
    "mix_gain_over_single": Form((1, 2), True),
    "strategy_effect": Form((1,), True),
    "strategy_matched": Form((1,), True),
    "acc": Form((1,), False),
    "bwt": Form((1,), False),
    "fwt": Form((1,), False),
    "forgetting": Form((1,), False),
    "worst_domain": Form((1,), False),
    "relative_change": Form((1,), False),
    "mean_diagonal_transfer": Form((0,), False),
    "mean_cross_transfer": Form((0,), False),
    "mean_retention": Form((0,), False),
    "mean_plasticity": Form((0,), False),
}
"""Names that contrasts and conditions may use."""

NOT_TESTED = ("accuracy", "acc", "worst_domain")
"""Quantities without a value that means "no effect", which therefore cannot be contrasts."""


@dataclass(frozen=True)
class Quantity:
    """One cell of a result, named by an expression; `str()` is canonical.

    Attributes:
        name: key of `FORMS`.
        runs: the runs that it names.
        domain: evaluated domain, None where the form has none.
    """

    name: str
    runs: tuple[RunId, ...] = ()
    domain: str | None = None

    @property
    def curricula(self) -> tuple[Curriculum, ...]:
        """The curricula of `runs`, without their strategies; the base model has none."""
        return tuple(run.curriculum for run in self.runs if run.curriculum is not None)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.runs))})" + (f" on {self.domain}" if self.domain else "")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: Any) -> Quantity:
            if isinstance(value, Quantity):
                return value
            if not isinstance(value, str):
                raise ValueError(f'should be text such as "order(math, science) on science". Found {value!r}.')
            try:
                return parse_contrast(value)
            except ConfigError as error:
                raise ValueError(error.paragraph()) from error

        return core_schema.no_info_plain_validator_function(
            validate,
            serialization=core_schema.to_string_ser_schema(),
            json_schema_input_schema=core_schema.str_schema(),
        )


@dataclass(frozen=True)
class Condition:
    """A quantity compared with a number, for `xdomain report --fail-if` and `--require`."""

    quantity: Quantity
    operator: str
    threshold: float

    def __str__(self) -> str:
        return f"{self.quantity} {self.operator} {self.threshold:g}"


class AnalysisConfig(ConfigModel):
    """What is asked before the run."""

    contrasts: tuple[Quantity, ...] = ()
    """Declared contrasts, adjusted together by Holm: "order(math, science) on science"."""
    margin: float | None = Field(default=None, gt=0, lt=1)
    """Differences of accuracy smaller than this are of no interest (0.02 is 2 points). Cells that are shown to be
    smaller, by two one-sided tests at 5%, are reported as equivalent. By default nothing is tested for equivalence."""


def parse_quantity(text: str) -> Quantity:
    """Parse one quantity.

    Raises:
        ConfigError: with the part that cannot be read.
    """
    match = QUANTITY.fullmatch(text.strip())
    if match is None:
        raise ConfigError(
            f'"{text.strip()}" is not a quantity.', fix='Write it like "order(math, science) on science".'
        )
    name = "order" if match["name"] == "order_effect" else match["name"]
    if name not in FORMS:
        raise ConfigError(
            f'"{text.strip()}": unknown quantity "{name}".{did_you_mean(name, FORMS)}',
            fix=f"Known: {', '.join(FORMS)}.",
        )
    inside, _, inner_domain = _split_on(match["inside"])
    if inner_domain and match["domain"]:
        raise ConfigError(f'"{text.strip()}" names the evaluated domain twice.', fix="Name it once.")
    domain = inner_domain or match["domain"]
    runs = tuple(_parse_run(part, text) for part in COMMA.split(inside)) if inside.strip() else ()
    _check_form(name, runs, domain, text.strip())
    return Quantity(name, runs, domain)


def parse_contrast(text: str) -> Quantity:
    """Parse a quantity that can be tested against "no effect".

    Raises:
        ConfigError: not a quantity, or one that no test belongs to.
    """
    quantity = parse_quantity(text)
    if quantity.name in NOT_TESTED:
        raise ConfigError(
            f'"{quantity}" cannot be a contrast: {quantity.name} has no value that means "no effect".',
            fix='Declare a difference, "change(math) on science".',
        )
    return quantity


def parse_condition(text: str) -> Condition:
    """Parse "retention(math -> science) < -0.05".

    Raises:
        ConfigError: with the part that cannot be read.
    """
    match = CONDITION.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f'"{text.strip()}" is not a condition.', fix='Write it like "retention(a -> b) < -0.05".')
    try:
        threshold = float(match["number"])
    except ValueError as error:
        raise ConfigError(
            f'"{text.strip()}": "{match["number"].strip()}" is not a number.', fix="0.05 is 5 points."
        ) from error
    if not math.isfinite(threshold):
        raise ConfigError(f'"{text.strip()}" should compare with a finite number.', fix="0.05 is 5 points.")
    return Condition(parse_quantity(match["quantity"]), match["operator"], threshold)


def _split_on(inside: str) -> tuple[str, str, str | None]:
    """Split "math on science" into the runs and the domain; "on" counts only as a word of its own."""
    match = re.fullmatch(r"(.*\S)\s+(on)\s+(\w+)\s*", inside)
    return (match[1], match[2], match[3]) if match else (inside, "", None)


def _parse_run(part: str, text: str) -> RunId:
    try:
        return parse_run(part)
    except ConfigError as error:
        raise ConfigError(f'"{text.strip()}": {error.what}', fix=error.fix) from error


def _check_form(name: str, runs: tuple[RunId, ...], domain: str | None, text: str) -> None:
    form = FORMS[name]
    if len(runs) not in form.runs:
        wanted = " or ".join(str(n) for n in form.runs)
        raise ConfigError(
            f'"{text}": {name} takes {wanted} curricula. Found {len(runs)}.', fix="Separate them by commas."
        )
    if form.domain is True and domain is None:
        raise ConfigError(f'"{text}" should name the evaluated domain.', fix=f'Write "{text} on <domain>".')
    if form.domain is False and domain is not None:
        raise ConfigError(f'"{text}": {name} has no evaluated domain of its own.', fix='Leave the "on" out.')
    if domain is not None and not DOMAIN_NAME.fullmatch(domain):
        raise ConfigError(f'"{text}": "{domain}" is not a domain name.', fix="Use small letters, digits and _.")
