"""The grammar of curricula, and a recursive-descent parser for it.

    curriculum := phase ("->" phase)*
    phase      := (mixture | merge | distill | refresh | rollback) ["@" steps]
    mixture    := term ("+" term)*
    term       := [whole "*"] domain
    merge      := "merge" "(" merged ("," merged)* ("," setting)* ")"
    merged     := operand | decimal "*" (domain ["@" steps] | merge | distill ["@" steps] | "(" curriculum ")")
    distill    := "distill" "(" taught ("," taught)* ")"
    taught     := domain [":" operand]
    refresh    := "refresh" "(" domain ")"
    rollback   := "rollback" "(" operand ("," setting)* ")"
    operand    := curriculum | "(" curriculum ")"
    setting    := "method" "=" name | "density" "=" decimal | "to" "=" operand | "share" "=" (decimal | "auto")
                | "scale" "=" "auto"

`*` binds tighter than `+`, and `+` tighter than `->`. `a -> a` is allowed (the control); "a@10" sets a phase's steps.
A merge or rollback has no steps and can only be the first phase of its curriculum. A refresh sets its steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from xdomain.config.curriculum_reader import DECIMAL, Reader
from xdomain.config.phases import (
    DOMAIN_NAME,
    AnyPhase,
    Distill,
    Merge,
    MergeMethod,
    Phase,
    Rollback,
    RollbackMethod,
    make_distill,
    make_merge,
    make_phase,
    make_refresh,
    passed_through,
)
from xdomain.core.errors import ConfigError
from xdomain.core.registry import did_you_mean

if TYPE_CHECKING:  # a curriculum parses itself
    from xdomain.config.curriculum import Curriculum

AUTO = "auto"
"""Value of a setting that is chosen on dev items."""
MOST_PHASES = 100
LONGEST_TEXT = 10_000
"""Characters of an expression."""
MOST_NESTED = 5
"""Functions inside each other, including the outermost."""
TERM = re.compile(r"(?:(?P<weight>\d{1,9})\s*\*\s*)?(?P<domain>[a-z][a-z0-9_]*)")
FACTOR = re.compile(r"\s*(?P<weight>[\d.]+)\s*\*")
STEPS = re.compile(r"\d{1,9}")
ARGUMENT = re.compile(r"[^,()]*")
REST_OF_PHASE = re.compile(r"(?:(?!->)[^,()])*")


def parse_phases(text: str, make: Callable[[tuple[AnyPhase, ...]], Curriculum]) -> Curriculum:
    """Parse one expression.

    Args:
        text: The expression.
        make: Class of curricula.

    Raises:
        ConfigError: The text is not a curriculum, or exceeds `MOST_PHASES`, `LONGEST_TEXT` or `MOST_NESTED`. The
            message quotes the part that cannot be read.
    """
    if len(text) > LONGEST_TEXT or text.count("->") >= MOST_PHASES:
        raise ConfigError(
            f'curriculum "{text[:80]}..." is too long.',
            fix=f"Write at most {MOST_PHASES} phases and {LONGEST_TEXT} characters.",
        )
    wrong = re.search(r"→|⇒|=+>|—>|--+>|(?<!-)>", text)
    if wrong is not None:
        right = text.replace(wrong[0], "->")
        raise ConfigError(f'curriculum "{text}": "{wrong[0]}" is not an arrow.', fix=f'Write "{right}".')
    return _Parser(text, make).whole()


class _Parser(Reader):
    """One method per rule of the grammar. Each reads its part of the text from the position `at` on."""

    def __init__(self, text: str, make: Callable[[tuple[AnyPhase, ...]], Curriculum]) -> None:
        super().__init__(text)
        self.make = make
        self.depth = 0
        self.functions: dict[str, Callable[[], AnyPhase]] = {
            "merge": self.merge,
            "distill": self.distill,
            "refresh": self.refresh,
            "rollback": self.rollback,
        }

    def whole(self) -> Curriculum:
        found = self.curriculum()
        self.expect("")
        return found

    def curriculum(self) -> Curriculum:
        phases = [self.phase()]
        while self.take("->"):
            phases.append(self.phase())
            if isinstance(phases[-1], Merge):
                raise self.error(
                    f'"{phases[-1]}" is not the first phase. A merge starts from the base model, so the phases before '
                    "it would be lost",
                    "Begin with it, or make those phases an argument: merge(a -> b, c).",
                )
            if isinstance(phases[-1], Rollback):
                raise self.error(
                    f'"{phases[-1]}" is not the first phase. A rollback starts from the curriculum that it names, so '
                    "the phases before it would be lost",
                    "Begin with it.",
                )
        return self.make(tuple(phases))

    def phase(self) -> AnyPhase:
        begin = self.at
        if self.text.startswith("(", begin + len(self.ahead())):
            return self.function()
        weights: dict[str, int] = {}
        while not weights or self.take("+"):
            name, weight = self.term()
            if name in weights:
                raise self.error(f'has "{name}" twice in one phase', f'Use a weight: "2*{name}".')
            weights[name] = weight
        return make_phase(weights, self.steps(begin))

    def term(self) -> tuple[str, int]:
        piece = self.piece()
        match = TERM.fullmatch(piece)
        if not piece:
            raise self.error("has a phase without a domain", 'Write it like "math -> logic".')
        if match is None:
            raise self.error(
                f'"{piece}" is not a domain',
                'Write it like "math -> 2*logic + puzzle", names in small letters, digits and "_", weights whole.',
            )
        if (weight := int(match["weight"] or 1)) == 0:
            raise self.error(f'gives "{match["domain"]}" the weight 0', "Leave the domain out.")
        return match["domain"], weight

    def steps(self, begin: int) -> int | None:
        """Read the steps of the phase that began at `begin`; None if it sets none."""
        if not self.take("@"):
            return None
        piece = self.piece()
        if not STEPS.fullmatch(piece) or self.next() in ("+", "@", "(", ":"):
            rest = REST_OF_PHASE.match(self.text, self.at)
            part = self.text[begin : rest.end() if rest else None].strip()
            raise self.error(f'"{part}" is not a phase', 'Steps go last: "a + b@10".')
        if int(piece) == 0:
            raise self.error("has a phase of 0 steps", "Leave the phase out.")
        return int(piece)

    def function(self) -> AnyPhase:
        name = self.piece()
        if not name:
            raise self.error('"(" has no place here', "Only the arguments of functions are in parentheses.")
        if name not in self.functions:
            known = f"Functions of curricula are {', '.join(self.functions)}.{did_you_mean(name, self.functions)}"
            raise self.error(f'"{name}(" is not a function', known)
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise self.error(f"nests {self.depth} functions", f"Nest at most {MOST_NESTED}.")
        self.take("(")
        found = self.functions[name]()
        self.depth -= 1
        return found

    def merge(self) -> Merge:
        weights: dict[Curriculum, float] = {}

        def argument() -> None:
            merged, weight = self.merged()
            if merged in weights:
                raise self.error(f'merges "{merged}" twice', f'Use a weight: "2*({merged})".')
            weights[merged] = weight

        known = {"method": self.piece, "density": self.piece, "scale": self.piece}
        settings = self.arguments("merge", argument, known)
        if not weights:
            raise self.error("merges nothing", "Name at least one curriculum: merge(a, b).")
        self.refuse_steps("merge", "merge(a, b) -> a@10")
        method = self.method(MergeMethod, settings, MergeMethod.LINEAR, "merging")
        scale, density = settings.get("scale"), settings.get("density")
        if scale not in (None, AUTO):
            raise self.error(f'"scale={scale}" is not "scale=auto"', "Multiply the weights: merge(0.5*a, 0.5*b).")
        if density is not None and not method.is_sparse:
            raise self.error("sets a density, which the method linear does not have", "Remove it, or set the method.")
        kept = None if density is None else self.share("density", density, "0.2")
        return make_merge(weights, method, kept, auto_scale=scale == AUTO)

    def rollback(self) -> Rollback:
        curricula: list[Curriculum] = []
        settings = self.arguments(
            "rollback",
            lambda: curricula.append(self.operand()),
            {"to": self.operand, "share": self.piece, "method": self.piece},
        )
        self.refuse_steps("rollback", "rollback(a -> b, to=a, share=0.001) -> a@10")
        if len(curricula) != 1 or "to" not in settings or "share" not in settings:
            raise self.error(
                "has a rollback that lacks a part or names several curricula",
                "Write it like rollback(a -> b, to=a, share=0.001).",
            )
        (whole,), part = curricula, settings["to"]
        to = passed_through(whole, part)
        if to is None:
            ends = ", ".join(f'"{each}"' for each in whole.prefixes()[:-1]) or "no other end, since it has one phase"
            raise self.error(
                f'"{part}" is not an earlier end of "{whole}"', f"It passes through {ends}. Name one of them in `to`."
            )
        if not isinstance(to.phases[-1], Phase) or to.phases[-1].is_mixed:
            raise self.error(
                f'"{to}" does not end with a phase of one domain, so a rollback cannot tell what to repair',
                "Roll back to a phase of one domain.",
            )
        share = None if settings["share"] == AUTO else self.share("share", settings["share"], "0.001")
        return Rollback(whole, to, share, self.method(RollbackMethod, settings, RollbackMethod.ATTRIBUTION, "rollback"))

    def merged(self) -> tuple[Curriculum, float]:
        factor = FACTOR.match(self.text, self.at)
        if factor is None:
            return self.operand(), 1.0
        written = factor["weight"]
        if not DECIMAL.fullmatch(written) or float(written) == 0:
            raise self.error(
                f'"{written}" is not a weight', "Write a number above 0 with at most 6 decimals, such as 0.5."
            )
        self.at = factor.end()
        if self.next() == "(":
            return self.operand(), float(written)
        phase = self.phase()
        if phase.is_mixed or self.next() == "->" or FACTOR.match(self.text, factor.end()):
            end = ARGUMENT.match(self.text, self.at)
            rest = self.text[factor.end() : end.end() if end else None].strip()
            raise self.error(f'"{written}*{rest}" is ambiguous', f'Use parentheses: "{written}*({rest})".')
        return self.make((phase,)), float(written)

    def distill(self) -> Distill:
        teachers: dict[str, Curriculum] = {}

        def argument() -> None:
            name = self.piece()
            if not DOMAIN_NAME.fullmatch(name):
                raise self.error(
                    f'"{name}" is not a domain', 'Write it like "distill(math, science: math -> science)".'
                )
            if name in teachers:
                raise self.error(f'has two teachers of "{name}"', "Keep one of them.")
            teachers[name] = self.operand() if self.take(":") else self.make((make_phase({name: 1}),))

        begin = self.at
        self.arguments("distill", argument, {})
        return make_distill(teachers, self.steps(begin))

    def refresh(self) -> Phase:
        begin, (name, _) = self.at, self.term()
        self.expect(")")
        steps = self.steps(begin)
        if steps is None:
            raise self.error("has a refresh without steps", f'Write them behind it: "refresh({name})@20".')
        return make_refresh(name, steps)

    def operand(self) -> Curriculum:
        if not self.take("("):
            return self.curriculum()
        found = self.curriculum()
        self.expect(")")
        return found
