"""Ways to combine domains: the arms of one set of domains, their accuracy and cost, and advice."""

from __future__ import annotations

from enum import StrEnum

from xdomain.analysis.matrix import Cell, ResultModel


class Way(StrEnum):
    """A way in which one model comes to serve several domains."""

    BEST_ORDER = "best order"
    """The sequence with the highest mean accuracy of several."""
    WORST_ORDER = "worst order"
    """The sequence with the lowest mean accuracy of several."""
    ORDER = "order"
    """The only sequence."""
    MIXTURE = "mixture"
    MERGE = "merge"
    DISTILLATION = "distillation"
    EXPERTS = "own experts"
    """One model per domain, trained on that domain only: the reference that the others are compared with."""


class RunCost(ResultModel):
    """Amounts of training, as means over seeds. Null means not recorded. Evaluations are not counted."""

    steps: float | None = None
    """Optimizer steps."""
    prompts: float | None = None
    completion_tokens: float | None = None
    """Generated tokens."""
    taught_tokens: float | None = None
    """Tokens whose distribution a teacher gave, in distillations."""
    teacher_passes: float | None = None
    """Completions that a teacher read, in distillations."""
    seconds: float | None = None
    """Wall time on the machine that ran it, including the effect of other load."""


class TriedScale(ResultModel):
    """A scale of a merge and how good the merge was on dev items."""

    scale: float
    dev_accuracy: float
    """Mean accuracy over the merged domains' dev items."""


class ChosenScale(ResultModel):
    """The scale that `scale=auto` chose for the merge of one seed."""

    seed: int
    scale: float
    tried: tuple[TriedScale, ...]
    """All candidates, including the chosen one."""


class WayArm(ResultModel):
    """One way to combine the domains, or the experts of the domains."""

    way: Way
    runs: tuple[str, ...]
    """Label of the run; the label of each expert, in the order of the domains, for `own experts`."""
    chosen_of: int = 1
    """Number of orders that the arm was chosen from by their accuracy.

    Its intervals hold for all of these orders together, so they need no further correction for the choice.
    """
    accuracy: dict[str, Cell]
    """Accuracy, keyed by domain."""
    against_expert: dict[str, Cell]
    """Accuracy minus that of the domain's own expert, keyed by domain; a domain without an expert is left out."""
    mean: Cell
    """Mean accuracy over the domains."""
    mean_against_experts: Cell
    """Mean over the domains of `against_expert`."""
    worst: Cell
    """Smallest accuracy over the domains, with its interval corrected for the minimum; `note` names the domain."""
    marginal: RunCost | None = None
    """Cost of the stages that no other run of the grid rests on. Null if the origin of the checkpoints is unknown."""
    total: RunCost
    """Cost of all stages that the arm rests on, each counted once."""
    scales: tuple[ChosenScale, ...] = ()
    """Choice of each seed, for a merge with `scale=auto`."""


class WaysToCombine(ResultModel):
    """Comparison of the ways to combine one set of domains, in plan order within each way, not ranked."""

    domains: tuple[str, ...]
    arms: tuple[WayArm, ...]
    """Best and worst order, mixtures, merges, distillations, then the experts. A way that was not run is absent."""
    candidates: tuple[str, ...]
    """Labels of all compared runs, including the orders between the best and the worst."""
    leading: str
    """Label of the run with the highest mean accuracy."""
    margin: Cell
    """Mean accuracy of the leading run minus that of the best other run, simultaneous over all pairs."""
    not_beaten: tuple[str, ...]
    """Runs that multiple comparisons cannot tell from the best in mean accuracy (error at most 5% jointly)."""
    not_beaten_on_worst: tuple[str, ...]
    """The same for the smallest accuracy over the domains."""
    cheapest: str
    """Run of `not_beaten` with the lowest total cost."""
    advice: str
    """The sentence that follows from the intervals and costs."""

    @property
    def title(self) -> str:
        """The domains in words, as headings name them."""
        return ", ".join(self.domains)

    @property
    def cost_amount(self) -> str:
        """Field of `RunCost` that arms are compared in: generated tokens, or steps if an arm's tokens are unknown."""
        known = all(arm.total.completion_tokens is not None for arm in self.arms)
        return "completion_tokens" if known else "steps"
