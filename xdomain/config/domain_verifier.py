"""Configuration of verifiers, which find the answer in a completion and judge it, with one model per kind."""

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
"""Parts of a completion in which an answer is searched: the stripped completion, the last \\boxed{}, the last <answer>
tag, the first or last non-empty line, the last number, the last single letter, the last fenced code block."""

Places = Annotated[
    tuple[Place, ...],
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else value, json_schema_input_type=Place | tuple[Place, ...]
    ),
]
"""Parts of a completion in the order in which they are tried. A single one needs no list."""

REASONING_TAGS = ("think", "thinking", "thought", "reasoning")


PackageName = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")]
"""Import name of a package."""


class ExtractingVerifier(ConfigModel):
    """A verifier that first extracts an answer. It tries the parts of `answer_in` in order until one has an answer.

    Boxes and tags are searched together, and the one that ends last is used. "The answer is ..." takes precedence over
    the last letter, number or line. See docs/explanation/what-a-completion-answers.md.
    """

    answer_in: Places = ("whole",)
    """Parts of the completion that are searched for the answer, in this order. whole: all of it. boxed: the last
    `\\boxed{}`. tag: the last `<answer>` tag. first_line, last_line: the first or last line with content. last_number:
    with its unit. last_letter: a letter by itself. code_block: the last fenced block."""
    reasoning: tuple[str, ...] = REASONING_TAGS
    """Names of tags whose content is removed before an answer is searched, even if they are unclosed. `keep` removes
    nothing, and `cut` removes the default tags."""
    pattern: RegularExpression | None = None
    """A regular expression that is searched inside the extracted answer. The answer becomes group 1, or all, of its
    last match."""
    form: RegularExpression | None = None
    """A regular expression that the whole answer must match. Otherwise the verdict is malformed instead of wrong."""

    @field_validator("reasoning", mode="before", json_schema_input_type=str | tuple[str, ...])
    @classmethod
    def named_choice(cls, tags: object) -> object:
        """Accept `cut` for the default tags, `keep` for none, and a single tag without a list."""
        named = {"cut": REASONING_TAGS, "keep": ()}
        return named.get(tags, (tags,)) if isinstance(tags, str) else tags


class TextVerifier(ExtractingVerifier):
    """A verifier that compares texts exactly, or after normalising case, width, spaces, markup and outer quotes."""

    kind: Literal["text"]
    normalise: bool = False
    """Also accept an answer that equals the gold apart from case, width, spaces, Markdown, outer quotes, dollars and
    final punctuation."""


class ChoiceVerifier(ExtractingVerifier):
    """A verifier for multiple choice, whose answer is one of a few letters."""

    kind: Literal["choice"]
    answer_in: Places = ("boxed", "tag", "last_letter")
    choices: str = Field(default="ABCD", min_length=2)
    """All letters that are valid answers."""


class NumberVerifier(ExtractingVerifier):
    """A verifier that compares a number within a tolerance, with or without a unit."""

    kind: Literal["number"]
    answer_in: Places = ("boxed", "tag", "last_number")
    relative_tolerance: float | None = Field(default=None, ge=0)
    """Tolerance as a share of the larger of both numbers. By default, integer golds must be met exactly, and other
    golds within 1e-6."""
    absolute_tolerance: float = Field(default=0.0, ge=0)
    """Largest absolute difference to the gold. The larger of both tolerances applies."""
    unit: Literal["ignored", "required"] = "ignored"
    """Treatment of units. With "required", the unit after the number must be spelled like the gold one, except for
    spaces."""


class MathVerifier(ExtractingVerifier):
    """A verifier of mathematical equivalence: exact comparison, then `math-verify` in a killable process."""

    kind: Literal["math"]
    answer_in: Places = ("boxed", "tag", "last_line")
    timeout_seconds: float = Field(default=5.0, gt=0)
    """Time limit of one comparison by `math-verify`. An answer that takes longer is malformed."""
    workers: int = Field(default=1, ge=1)
    """Largest number of processes that compare answers at the same time. It is not part of a domain's identity."""


class AssignmentVerifier(ExtractingVerifier):
    """A verifier for assignments, such as names to roles. Every name must get its gold value.

    Partial agreement is given in the reason and earns no credit.
    """

    kind: Literal["assignment"]
    answer_in: Places = ("boxed", "tag", "whole")
    values: tuple[str, ...] = ("knight", "knave")
    """Values that a name can have. Case and a plural ending are ignored."""
    roles: int = Field(default=2, ge=2)
    """Number of the values that one puzzle uses. A random guess for n names is right with probability 1 / roles^n."""


class UnitTestVerifier(ExtractingVerifier):
    """A verifier that runs code against tests in the sandbox."""

    kind: Literal["unit_tests"]
    style: Literal["stdin", "function", "humaneval", "asserts", "functional"]
    """Format of the tests. stdin: `tests` is a list of {input, output}. function: `tests` is a list of {arguments,
    expected} for `entry_point`. humaneval: `tests` defines `check(candidate)`, and `prompt` is the start of the
    program. asserts (MBPP): `tests` is a list of assert statements, and `imports` a list of lines that they need.
    functional (Guru): `tests` is {functional: a test program} or {inputs: [...], outputs: [...]}, and `prefix` is code
    that runs before both program and test."""
    answer_in: Places = ("code_block", "whole")
    compare: Literal["lines", "tokens", "exact"] = "lines"
    """Comparison of printed output. lines: token by token within each line, ignoring blank lines. tokens: like lines,
    but line breaks count as spaces. exact: the text, ignoring only white space at the end of lines and of the
    output."""
    relative_tolerance: float | None = Field(default=None, ge=0)
    """Relative tolerance for numbers whose expected value is a decimal fraction. Integers must be exact. The default is
    1e-6 for printed output and 1e-9 for returned values. `compare: exact` and tests that are programs ignore it."""
    absolute_tolerance: float | None = Field(default=None, ge=0)
    """Absolute tolerance for decimal fractions. The larger of both tolerances applies. The default is 1e-6 for printed
    output and 1e-9 for returned values."""
    timeout_seconds: float = Field(default=10.0, gt=0)
    """Time limit of one run: of one test for printed output, otherwise of all tests of an item. A longer run is wrong.
    """
    memory_mib: int = Field(default=512, ge=64)
    """Largest memory of a program in MiB, for all its processes together, with its files in /tmp. Its tests may use as
    much. A program that needs more is wrong."""
    packages: tuple[PackageName, ...] = ()
    """Installed packages, such as `numpy`, that programs and tests may import in addition to the standard library.
    Their dependencies are included. They are mounted read-only. A package that is not installed is an error before
    anything runs."""
    allow_unsandboxed_code: bool = False
    """Run model-written code without isolation if no sandbox is available. Never use this on a machine that matters."""


class SourceVerifier(ConfigModel):
    """The verifier that is part of the data source (procedural generators, reasoning-gym tasks)."""

    model_config = ConfigDict(json_schema_extra=names_itself())

    kind: Literal["source"] = "source"
    answer_in: Places | None = None
    """Parts of the completion in which it searches the answer; null uses the source's default."""


class JudgeEndpoint(ConfigModel):
    """An OpenAI-compatible chat endpoint."""

    base_url: Address
    """Address of the server, up to and including "/v1". It is part of the verifier's version."""
    model: str
    """Name of the model on the server. It is part of the verifier's version."""
    api_key_variable: KeyVariable | None = "OPENAI_API_KEY"
    """Name of the environment variable that holds the key. The key itself is never stored."""
    timeout_seconds: float = Field(default=60.0, gt=0)
    """Time limit of one attempt."""
    attempts: int = Field(default=4, ge=1)
    """Largest number of attempts per request, with growing pauses between them. If all fail, the verdict is unscored.
    """
    concurrency: int = Field(default=8, ge=1)
    """Largest number of completions that are judged at the same time."""
    cache: str | None = None
    """Folder in which replies are cached by content. If null, they are cached only within the process."""


class PairwiseJudge(ExtractingVerifier):
    """A verifier whose judge compares the completion with the reference, in both orders. Disagreement is a tie."""

    kind: Literal["pairwise_judge"]
    answer_in: Places = ("tag", "whole")
    judge: JudgeEndpoint
    """Judge that compares the two answers."""
    criterion: str = "Which answer is better written and follows the request more closely?"
    """Question to which the judge answers with one of the two, or a tie. It is part of the verifier's version."""


class RubricJudge(ExtractingVerifier):
    """A verifier whose judge writes an evaluation protocol for the prompt once, and scores completions against it.

    Source: the description of PA-GRM in CARE-RL (2606.00609). Its prompts are not public, so the prompts here differ.
    """

    kind: Literal["rubric_judge"]
    answer_in: Places = ("tag", "whole")
    judge: JudgeEndpoint
    """Judge that writes the protocols and scores completions."""
    pass_score: float = Field(default=0.7, gt=0, le=1)
    """Smallest share of the protocol's points with which a completion counts as right."""
    graded: bool = False
    """If true, the credit is the share of points, so the accuracy is the mean share, and a reward with `graded: true`
    depends on it. Otherwise the credit is 1 at or above `pass_score`, and 0 below."""


class CriteriaJudge(ExtractingVerifier):
    """A verifier whose judge scores the completion from 1 to 10 by each of the item's criteria (WritingBench).

    The credit is a tenth of the mean score. The item's field `criteria` is a list of mappings with a `name`, which are
    shown to the judge unchanged.
    """

    kind: Literal["criteria_judge"]
    answer_in: Places = ("tag", "whole")
    judge: JudgeEndpoint
    """Judge that gives the scores."""
    pass_score: float = Field(default=0.7, gt=0, le=1)
    """Smallest credit with which a completion counts as right. The accuracy is the mean credit in any case."""
    demand_ticket: bool = True
    """Require that the reply repeats a ticket that the judged text cannot know. Switch it off for a critic that was
    trained to reply with only a score and a reason."""


class FunctionVerifier(FunctionConfig):
    """A Python function that judges.

    `def score(item, completion)` returns a verdict, a truth value, or a credit from 0 to 1. See docs/how-to/extend.md.
    """

    kind: Literal["function"] = "function"


class PluginVerifier(PluginConfig):
    """A verifier that another package registers under the entry points `xdomain.verifiers`."""

    registry: ClassVar[Registry] = VERIFIERS

    kind: Annotated[str, named_in(VERIFIERS)]
    """Name under which the package registers the verifier."""


def _bare_function(value: Any) -> Any:
    """Add `kind: function` to a mapping that has only `function`."""
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
