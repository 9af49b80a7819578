"""How an answer is found in a completion and judged: one model per kind of verifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, field_validator

from xdomain.config.field_types import Address, KeyVariable, RegularExpression
from xdomain.config.function import FunctionConfig
from xdomain.config.mistakes import PLUGIN
from xdomain.config.model_base import ConfigModel
from xdomain.config.plugin import PluginConfig, kind_tag, known_kind, named_in, names_itself
from xdomain.core.registry import Registry

VERIFIERS = Registry(
    "verifier",
    {
        "assignment": "xdomain.domains.verifiers.assignment:AssignmentChecker",
        "choice": "xdomain.domains.verifiers.choice:ChoiceChecker",
        "criteria_judge": "xdomain.domains.verifiers.criteria:CriteriaChecker",
        "function": "xdomain.domains.verifiers.function:FunctionChecker",
        "math": "xdomain.domains.verifiers.math:MathChecker",
        "number": "xdomain.domains.verifiers.number:NumberChecker",
        "pairwise_judge": "xdomain.domains.verifiers.pairwise:PairwiseChecker",
        "rubric_judge": "xdomain.domains.verifiers.rubric:RubricChecker",
        "source": "xdomain.domains.verifiers.build:needs_source",
        "text": "xdomain.domains.verifiers.text:TextChecker",
        "unit_tests": "xdomain.domains.verifiers.unit_tests:UnitTestChecker",
    },
    "xdomain.verifiers",
)
"""A target takes the verifier's configuration (a plugin's: `PluginVerifier`) and makes a `Verifier`."""

Place = Literal["whole", "boxed", "tag", "first_line", "last_line", "last_number", "last_letter", "code_block"]
"""Where an answer is looked for: the stripped completion, the last \\boxed{}, the last <answer> tag, its first or
last non-empty line, the last number, the last single letter, the last fenced code block."""

Places = Annotated[
    tuple[Place, ...],
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else value, json_schema_input_type=Place | tuple[Place, ...]
    ),
]
"""Places in the order in which they are tried. A single one needs no list."""

REASONING_TAGS = ("think", "thinking", "thought", "reasoning")


PackageName = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")]
"""A package as it is imported."""


class ExtractingVerifier(ConfigModel):
    """A verifier that first extracts an answer: the places are tried in order, the first that has one wins.

    Boxes and tags count together: the one that ends last wins. "The answer is ..." wins over the last letter, number
    or line. See docs/explanation/what-a-completion-answers.md.
    """

    answer_in: Places = ("whole",)
    reasoning: tuple[str, ...] = REASONING_TAGS
    """Names of the tags whose content is cut off before an answer is looked for, also if they are unclosed. `keep`
    cuts nothing, `cut` cuts the default tags."""
    pattern: RegularExpression | None = None
    """A regular expression searched inside the extracted answer (last match, group 1 or all of it)."""
    form: RegularExpression | None = None
    """A regular expression that an answer must match in full, or it is malformed rather than wrong."""

    @field_validator("reasoning", mode="before", json_schema_input_type=str | tuple[str, ...])
    @classmethod
    def named_choice(cls, tags: object) -> object:
        """`cut` and `keep` stand for the default tags and for none; a single tag needs no list."""
        named = {"cut": REASONING_TAGS, "keep": ()}
        return named.get(tags, (tags,)) if isinstance(tags, str) else tags


class TextVerifier(ExtractingVerifier):
    """Equal text: exactly, or after normalising case, width, spaces, markup and quotes around it."""

    kind: Literal["text"]
    normalise: bool = False


class ChoiceVerifier(ExtractingVerifier):
    """One of a few letters."""

    kind: Literal["choice"]
    answer_in: Places = ("boxed", "tag", "last_letter")
    choices: str = Field(default="ABCD", min_length=2)
    """Every letter that is an answer at all."""


class NumberVerifier(ExtractingVerifier):
    """A whole quantity within a tolerance, with or without a unit."""

    kind: Literal["number"]
    answer_in: Places = ("boxed", "tag", "last_number")
    relative_tolerance: float | None = Field(default=None, ge=0)
    """Share of the larger of both numbers. By default whole golds must be met exactly, other golds up to 1e-6."""
    absolute_tolerance: float = Field(default=0.0, ge=0)
    unit: Literal["ignored", "required"] = "ignored"
    """ "required": the unit after the number must be the gold one, spelled equally up to spaces."""


class MathVerifier(ExtractingVerifier):
    """Mathematical equivalence: exact first, then `math-verify` in a process that can be killed."""

    kind: Literal["math"]
    answer_in: Places = ("boxed", "tag", "last_line")
    timeout_seconds: float = Field(default=5.0, gt=0)
    workers: int = Field(default=1, ge=1)


class AssignmentVerifier(ExtractingVerifier):
    """Who is what: every name must get its gold value. Partial agreement is told in the reason and earns nothing."""

    kind: Literal["assignment"]
    answer_in: Places = ("boxed", "tag", "whole")
    values: tuple[str, ...] = ("knight", "knave")
    roles: int = Field(default=2, ge=2)
    """How many of the values one puzzle offers: guessing n names is right one time in roles^n."""


class UnitTestVerifier(ExtractingVerifier):
    """Code that must pass tests, run in the sandbox."""

    kind: Literal["unit_tests"]
    style: Literal["stdin", "function", "humaneval", "asserts", "functional"]
    """stdin: `tests` is a list of {input, output}; function: `tests` is a list of {arguments, expected} for
    `entry_point`; humaneval: `tests` defines `check(candidate)`, and `prompt` opens the program; asserts (MBPP):
    `tests` is a list of assert statements, `imports` a list of lines that they need; functional (Guru): `tests` is
    {functional: a test program} or {inputs: [...], outputs: [...]}, `prefix` code that runs before both sides."""
    answer_in: Places = ("code_block", "whole")
    compare: Literal["lines", "tokens", "exact"] = "lines"
    """How printed output is compared. lines: token by token within each line, blank lines aside; tokens: line breaks
    count as spaces; exact: the text, except for white space at the end of lines and of the output."""
    relative_tolerance: float | None = Field(default=None, ge=0)
    """Tolerance for a number whose expected value is a decimal fraction; integers are exact. By default 1e-6 for
    printed output, 1e-9 for returned values. Ignored by `compare: exact` and by tests that are programs."""
    absolute_tolerance: float | None = Field(default=None, ge=0)
    """Absolute tolerance for decimal fractions; the larger of both tolerances holds. By default 1e-6 for printed
    output, 1e-9 for returned values."""
    timeout_seconds: float = Field(default=10.0, gt=0)
    memory_mib: int = Field(default=512, ge=64)
    packages: tuple[PackageName, ...] = ()
    """Installed packages that programs and tests may import besides the standard library, such as `numpy`, with what
    they require. They are mounted read-only. A package that is not installed is an error before anything runs."""
    allow_unsandboxed_code: bool = False
    """Run model-written code without isolation where there is no sandbox. Never on a machine that you care for."""


class SourceVerifier(ConfigModel):
    """The program that the data source brings along (procedural generators, reasoning-gym tasks)."""

    model_config = ConfigDict(json_schema_extra=names_itself())

    kind: Literal["source"] = "source"
    answer_in: Places | None = None
    """Where it looks for the answer; None leaves it to the source."""


class JudgeEndpoint(ConfigModel):
    """An OpenAI-compatible chat endpoint."""

    base_url: Address
    model: str
    api_key_variable: KeyVariable | None = "OPENAI_API_KEY"
    """Name of the environment variable that holds the key; the key itself is never written anywhere."""
    timeout_seconds: float = Field(default=60.0, gt=0)
    attempts: int = Field(default=4, ge=1)
    concurrency: int = Field(default=8, ge=1)
    cache: str | None = None
    """Folder that keeps answers by content; None keeps them for the life of the process."""


class PairwiseJudge(ExtractingVerifier):
    """A judge compares the completion with the reference, in both orders; disagreement is a tie."""

    kind: Literal["pairwise_judge"]
    answer_in: Places = ("tag", "whole")
    judge: JudgeEndpoint
    criterion: str = "Which answer is better written and follows the request more closely?"


class RubricJudge(ExtractingVerifier):
    """A judge writes an evaluation protocol for the prompt once, then scores completions against it.

    Source: CARE-RL's PA-GRM (2606.00609) in words; its prompts are not public, so these are ours.
    """

    kind: Literal["rubric_judge"]
    answer_in: Places = ("tag", "whole")
    judge: JudgeEndpoint
    pass_score: float = Field(default=0.7, gt=0, le=1)
    """Share of the protocol's points from which on a completion counts as right."""
    graded: bool = False
    """If true, the credit is the share of points, so the accuracy is the mean share, and a reward with `graded: true`
    pays it. Otherwise the credit is 1 from `pass_score` on, and 0 below."""


class CriteriaJudge(ExtractingVerifier):
    """A judge scores the completion from 1 to 10 by each of the item's own criteria (WritingBench); the credit is a
    tenth of the mean. The item's field `criteria` is a list of mappings with a `name`, shown to the judge as they
    are."""

    kind: Literal["criteria_judge"]
    answer_in: Places = ("tag", "whole")
    judge: JudgeEndpoint
    pass_score: float = Field(default=0.7, gt=0, le=1)
    """Credit from which on a completion counts as right; the accuracy is the mean credit all the same."""
    demand_ticket: bool = True
    """The reply must repeat a ticket that the judged text cannot know. Switch it off for a critic trained to reply with
    a score and a reason alone."""


class FunctionVerifier(FunctionConfig):
    """A plain function judges: `def score(item, completion)` returns a verdict, a truth value, or a credit from 0 to
    1. See docs/how-to/extend.md."""

    kind: Literal["function"] = "function"


class PluginVerifier(PluginConfig):
    """A verifier that another package registers under the entry points `xdomain.verifiers`."""

    registry: ClassVar[Registry] = VERIFIERS

    kind: Annotated[str, named_in(VERIFIERS)]


def _bare_function(value: Any) -> Any:
    """`function` says the kind."""
    is_function = isinstance(value, Mapping) and "function" in value and "kind" not in value
    return known_kind(VERIFIERS)({"kind": "function", **value} if is_function else value)


_Kinds = Annotated[
    Annotated[TextVerifier, Tag("[text]")]
    | Annotated[ChoiceVerifier, Tag("[choice]")]
    | Annotated[NumberVerifier, Tag("[number]")]
    | Annotated[MathVerifier, Tag("[math]")]
    | Annotated[AssignmentVerifier, Tag("[assignment]")]
    | Annotated[UnitTestVerifier, Tag("[unit_tests]")]
    | Annotated[SourceVerifier, Tag("[source]")]
    | Annotated[PairwiseJudge, Tag("[pairwise_judge]")]
    | Annotated[RubricJudge, Tag("[rubric_judge]")]
    | Annotated[CriteriaJudge, Tag("[criteria_judge]")]
    | Annotated[FunctionVerifier, Tag("[function]")]
    | Annotated[PluginVerifier, Tag(PLUGIN)],
    Discriminator(kind_tag(VERIFIERS)),
]
_Forms = Annotated[str, named_in(VERIFIERS)] | _Kinds
VerifierConfig = Annotated[_Kinds, BeforeValidator(_bare_function, json_schema_input_type=_Forms)]
