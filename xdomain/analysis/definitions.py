"""What each matrix is, in words: one template a matrix, filled by the module that computes it."""

from __future__ import annotations

from xdomain.analysis.result import Matrix

BENJAMINI_HOCHBERG = "Benjamini-Hochberg"

ACCURACY = Matrix(
    name="accuracy",
    title="Accuracy",
    definition=(
        "R[c, d]: mean over items of the mean over an item's samples, at the end of each run; Wilson interval "
        "with the number of independent answers that the items, samples and seeds are worth"
    ),
    source="2602.01365",
    row_meaning="run",
    centre=None,
)

CHANGE = Matrix(
    name="change",
    title="Change from base",
    definition="R[c, d] - R[base, d], for every run; singles as in transfer",
    source="2602.01365",
    row_meaning="run",
    family=f"{BENJAMINI_HOCHBERG} over all runs but the singles, which are adjusted in transfer",
)

CHANGE_OF_MODELS = CHANGE.model_copy(
    update={"definition": "R[model, d] - R[base, d]", "family": f"{BENJAMINI_HOCHBERG} over models and domains"}
)
"""The same where nobody says what the rows were trained on."""

TRANSFER = Matrix(
    name="transfer",
    title="Transfer",
    definition="transfer(A on d) = R[(A), d] - R[base, d]",
    source="2602.01365, 2506.19733",
    row_meaning="trained domain A",
    family=f"{BENJAMINI_HOCHBERG} over pairs of different domains; a domain on itself in a family of its own",
)

RELATIVE_TRANSFER = Matrix(
    name="relative_transfer",
    title="Relative transfer",
    definition=(
        "transfer(A on d) / transfer(d on d), Fieller interval; unbounded where the interval of transfer(d on "
        "d) holds 0"
    ),
    source="ours",
    row_meaning="trained domain A",
    unit="ratio",
)

ASYMMETRY = Matrix(
    name="asymmetry",
    title="Asymmetry",
    definition="asymmetry(A, B) = transfer(A on B) - transfer(B on A), in points of two different tests",
    source="ours",
    row_meaning="A",
    column_meaning="B",
    family=f"{BENJAMINI_HOCHBERG} over unordered pairs",
)

ASYMMETRY_LOGIT = Matrix(
    name="asymmetry_logit",
    title="Asymmetry in logits",
    definition=(
        "The same on logit accuracies, since points near 0 or 1 are not the points near one half; delta method"
    ),
    source="ours",
    row_meaning="A",
    unit="logit",
    column_meaning="B",
    family=f"{BENJAMINI_HOCHBERG} over unordered pairs",
)

ASYMMETRY_RELATIVE = Matrix(
    name="asymmetry_relative",
    title="Asymmetry of relative transfer",
    definition="relative transfer(A on B) - relative transfer(B on A); interval from both Fieller intervals (MOVER)",
    source="ours; Zou and Donner 2008 for the interval",
    row_meaning="A",
    unit="ratio",
    column_meaning="B",
)

ORDER_EFFECT = Matrix(
    name="order_effect",
    title="Order effect",
    definition="order(A, B) on t = R[A -> B, t] - R[B -> A, t], with A, B as listed",
    source="2602.01365 for t in {A, B}",
    row_meaning="A, B",
    family=f"{BENJAMINI_HOCHBERG} over all pairs and evaluated domains",
)

ORDER_SENSITIVITY = Matrix(
    name="order_sensitivity",
    title="Order sensitivity",
    definition=(
        "Size of the order effects over a set of domains: sqrt(max(0, mean(order^2 - SE^2))); joint p from "
        "the largest |t|; interval from the simultaneous box of all order effects in the set"
    ),
    source="ours",
    row_meaning="A, B",
    column_meaning="set of evaluated domains",
    family=f"{BENJAMINI_HOCHBERG} over pairs, each set of domains by itself",
)

PERMUTATION_RANGE = Matrix(
    name="permutation_range",
    title="Range over orders",
    definition=(
        "Largest minus smallest accuracy over the orders of three or more phases, with the part taken off "
        "that noise alone would show: sqrt(max(0, range^2 - c SE^2)); simultaneous (Tukey-Kramer) interval "
        "and p"
    ),
    source="ours",
    row_meaning="phases in any order",
    family=f"{BENJAMINI_HOCHBERG} over all sets of phases and evaluated domains",
)

RETENTION = Matrix(
    name="retention",
    title="Retention",
    definition=(
        "retention(A -> B) = R[A -> B, A] - R[parent, A]: what the last phase did to the domains of earlier ones"
    ),
    source='2602.01365 (its "continue")',
    row_meaning="run",
    family=f"{BENJAMINI_HOCHBERG} over all runs and earlier domains",
)

PLASTICITY = Matrix(
    name="plasticity",
    title="Plasticity",
    definition=(
        "plasticity(A -> B) = R[A -> B, B] - R[(B), B]: what earlier phases did to the learning of the last one"
    ),
    source='2602.01365 (its "before")',
    row_meaning="run",
    family=f"{BENJAMINI_HOCHBERG} over all runs and domains of their last phase",
)

REFRESH = Matrix(
    name="refresh",
    title="Refresh",
    definition=(
        "refresh(A -> B -> A@n) = R[A -> B -> A@n, A] - R[A -> B, A]: what a return to an earlier domain brings back; "
        "what it costs B is that run's retention"
    ),
    source="domain refresh: 2606.02398; the contrast is ours",
    row_meaning="run",
    family=f"{BENJAMINI_HOCHBERG} over all runs and domains returned to",
)

MIX_GAIN = Matrix(
    name="mix_gain",
    title="Mix gain over every order",
    definition="min over orders of R[A + B, t] - R[order, t]; interval corrected for the minimum",
    source="2602.01365 in words",
    row_meaning="mixture",
    family=f"{BENJAMINI_HOCHBERG} over all mixtures and evaluated domains",
)

MIX_GAIN_OVER_SINGLE = Matrix(
    name="mix_gain_over_single",
    title="Mix gain over the single",
    definition="R[A + B, t] - R[(t), t], for t in the mixture",
    source="2602.01365 in words",
    row_meaning="mixture",
    family=f"{BENJAMINI_HOCHBERG} over all mixtures and their domains",
)

STRATEGY_COLUMNS = (
    "Mean: over the trained domains. Worst domain: smallest change from base over the trained domains, min over d of "
    "R[s, d] - R[base, d], less the same of the other; interval corrected for both minima"
)

STRATEGY_EFFECT = Matrix(
    name="strategy_effect",
    title="Strategies against joint",
    definition=(
        "R[a + b under the strategy, d] - R[a + b under joint, d] (under the first strategy listed where joint was "
        f"not run), paired by item and seed. {STRATEGY_COLUMNS}"
    ),
    source="ours",
    row_meaning="run",
    family=f"{BENJAMINI_HOCHBERG} over all strategies and evaluated domains; mean and worst domain each by itself",
)

STRATEGY_MATCHED = Matrix(
    name="strategy_matched",
    title="Strategies against joint that moves as far",
    definition=(
        "For a strategy whose weights move farther or less far than joint's: the same difference from the arm of joint "
        f"whose learning rate was scaled so that it moves as far (within a tenth). {STRATEGY_COLUMNS}"
    ),
    source="ours",
    row_meaning="run",
    family=f"{BENJAMINI_HOCHBERG} over all strategies and evaluated domains; mean and worst domain each by itself",
)

SEQUENCE = Matrix(
    name="sequence",
    title="Sequence metrics",
    definition=(
        "ACC: mean accuracy over all evaluated domains. BWT: mean over j < T of R[T, j] - R[j, j]. FWT: mean "
        "over j >= 2 of R[j-1, j] - R[base, j]. Forgetting: mean over j < T of max over l < T of R[l, j] - "
        "R[T, j], interval corrected for the maximum. Worst domain: smallest accuracy, interval corrected for "
        "the minimum. Relative change: mean over domains of R[c, d] / R[base, d] - 1"
    ),
    source="ACC, BWT, FWT: Lopez-Paz and Ranzato 2017; forgetting: Chaudhry 2018; the rest ours",
    row_meaning="run",
    column_meaning="metric",
    family=f"{BENJAMINI_HOCHBERG} over runs, each metric by itself; ACC and worst domain are not tested",
)

ODDS_RATIO = Matrix(
    name="odds_ratio",
    title="Odds ratio against base",
    definition=(
        "Cochran-Mantel-Haenszel common odds ratio of a right answer, run against base, domains as strata. It "
        "treats the two models' answers to the same items as independent and speaks of these checkpoints only"
    ),
    source="2506.19733",
    row_meaning="run",
    unit="odds ratio",
    centre=1.0,
    column_meaning="set of evaluated domains",
    speaks_of="these checkpoints",
    family=f"{BENJAMINI_HOCHBERG} over runs, each set of domains by itself",
)

ODDS_RATIO_PAIRED = Matrix(
    name="odds_ratio_paired",
    title="Paired difference over the same domains",
    definition=(
        "Mean over the set's domains of R[c, d] - R[base, d], paired by item, seeds crossed: the test to believe"
    ),
    source="ours",
    row_meaning="run",
    column_meaning="set of evaluated domains",
    family=f"{BENJAMINI_HOCHBERG} over runs, each set of domains by itself",
)


def turnover_template(part: str, definition: str) -> Matrix:
    title = part.replace("_", " ").capitalize()
    return Matrix(
        name=part, title=title, definition=definition, source="2606.03087", row_meaning="run, against its parent"
    )


def pass_at_k_template(k: int) -> Matrix:
    return Matrix(
        name=f"pass_at_{k}",
        title=f"pass@{k}",
        definition=(
            f"Chance that at least one of {k} samples is right: mean over items of 1 - C(n-c, {k}) / C(n, {k})"
        ),
        source="Chen et al. 2107.03374",
        row_meaning="run",
        centre=None,
    )


MAJORITY = Matrix(
    name="majority",
    title="maj@n",
    definition="Mean over items of what the answer given most often among all n samples earns; ties earn their mean",
    source="2203.11171; equality by text and the ties are ours",
    row_meaning="run",
    centre=None,
)
