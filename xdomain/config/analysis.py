"""Questions for the analysis that are declared before the run: contrasts, and conditions that make a CI job fail.

This module only parses the grammar. The estimands define the names and their arguments, see `analysis.quantities`.

    quantity  := name "(" [run ("," run)*] ["on" domain] ")" ["on" domain]
    run       := curriculum ["[" strategy "]"]
    condition := quantity ("<" | "<=" | ">" | ">=") number

Examples: "order(math, science) on science", "transfer(math on logic)", "retention(math -> science) < -0.05".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from xdomain.config.curriculum import Curriculum
from xdomain.config.field_types import expression_schema
from xdomain.config.model_base import ConfigModel
from xdomain.config.phases import DOMAIN_NAME
from xdomain.config.run_id import RunId, parse_run
from xdomain.core.errors import ConfigError

QUANTITY = re.compile(r"(?P<name>\w+)\s*\((?P<inside>.*)\)(?:\s*on\s+(?P<domain>\w+))?")
CONDITION = re.compile(r"(?P<quantity>.*?)(?P<operator><=|>=|<|(?<!-)>)(?P<number>[^<>=]*)")
MARK = re.compile(r"[][(),]")


@dataclass(frozen=True)
class Quantity:
    """One cell of a result, named by an expression; `str()` is canonical.

    Attributes:
        name: Name of the quantity, such as "retention".
        runs: Runs that it compares.
        domain: Evaluated domain; None if the expression names none.
    """

    name: str
    runs: tuple[RunId, ...] = ()
    domain: str | None = None

    @property
    def curricula(self) -> tuple[Curriculum, ...]:
        """Curricula of `runs`, without their strategies. The base model has none."""
        return tuple(run.curriculum for run in self.runs if run.curriculum is not None)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.runs))})" + (f" on {self.domain}" if self.domain else "")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return expression_schema(cls, parse_quantity, "order(math, science) on science")


@dataclass(frozen=True)
class Condition:
    """A quantity compared with a number, for `xdomain report --fail-if` and `--require`."""

    quantity: Quantity
    operator: str
    threshold: float

    def __str__(self) -> str:
        return f"{self.quantity} {self.operator} {self.threshold:g}"


class AnalysisConfig(ConfigModel):
    """Questions that are declared before the run."""

    contrasts: tuple[Quantity, ...] = ()
    """Declared contrasts, such as "order(math, science) on science". Their p-values are adjusted together by Holm."""
    estimands: tuple[str, ...] = ()
    """Names of matrices from other installed packages to compute (entry point group `xdomain.estimands`). The matrices
    of xdomain are always computed."""
    margin: float | None = Field(default=None, gt=0, lt=1)
    """Margin of equivalence: smaller differences of accuracy are of no interest (0.02 is 2 points). A cell is reported
    as equivalent if two one-sided tests at 5% show that its difference is smaller. By default, nothing is tested for
    equivalence."""
    predictors: tuple[Literal["first_order_transfer", "prompt_similarity", "additive_merge"], ...] = ()
    """Ways to predict transfer and retention. `grid run` first runs what they need (single runs, sums of two of them,
    and evaluations on dev items), stores the predictions, and then runs the rest of the grid. The report scores them.
    """


def parse_quantity(text: str) -> Quantity:
    """Parse one quantity.

    Raises:
        ConfigError: The text is not a quantity. The message quotes the part that cannot be read.
    """
    match = QUANTITY.fullmatch(text.strip())
    if match is None:
        raise ConfigError(
            f'"{text.strip()}" is not a quantity.', fix='Write it like "order(math, science) on science".'
        )
    inside, _, inner_domain = _split_on(match["inside"])
    if inner_domain and match["domain"]:
        raise ConfigError(f'"{text.strip()}" names the evaluated domain twice.', fix="Name it once.")
    domain = inner_domain or match["domain"]
    runs = tuple(_parse_run(part, text) for part in _split_at_commas(inside)) if inside.strip() else ()
    if domain is not None and not DOMAIN_NAME.fullmatch(domain):
        raise ConfigError(f'"{text.strip()}": "{domain}" is not a domain name.', fix="Use small letters, digits and _.")
    return Quantity(match["name"], runs, domain)


def parse_condition(text: str) -> Condition:
    """Parse a condition, such as "retention(math -> science) < -0.05".

    Raises:
        ConfigError: The text is not a condition. The message quotes the part that cannot be read.
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
    """Split "math on science" into the runs and the domain. "on" counts only as a separate word."""
    match = re.fullmatch(r"(.*\S)\s+(on)\s+(\w+)\s*", inside)
    return (match[1], match[2], match[3]) if match else (inside, "", None)


def _split_at_commas(inside: str) -> Iterator[str]:
    """Yield the runs. A comma inside parentheses or brackets belongs to a function or to a strategy's label."""
    begin = depth = 0
    for mark in MARK.finditer(inside):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1, ",": 0}[mark[0]]
        if mark[0] == "," and depth == 0:
            yield inside[begin : mark.start()]
            begin = mark.end()
    yield inside[begin:]


def _parse_run(part: str, text: str) -> RunId:
    try:
        return parse_run(part)
    except ConfigError as error:
        raise ConfigError(f'"{text.strip()}": {error.what}', fix=error.fix) from error
