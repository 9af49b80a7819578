"""Mistakes that a user makes in a file, by what is typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

EXPERIMENT = """\
name: mine
model:
  preset: tiny_qwen3
  warmup: {steps: 10, domains: [math]}
domains:
  - math
  - name: sums
    source: {kind: jsonl, path: rows.jsonl}
    fields: {question: q, gold: a}
    verifier: {kind: text, answer_in: whole}
grid: {singles: true}
curricula: [math -> sums]
seeds: [0]
training: {steps: 20, prompts_per_step: 4, generations: 4}
evaluation: {items: 20}
"""
DOMAIN = """\
name: sums
source: {kind: jsonl, path: rows.jsonl}
fields: {question: q, gold: a}
verifier: {kind: text, answer_in: whole}
"""
STUDY = """\
name: tuned
pairs:
  - {name: first, base: "hub:a/base", tuned: "hub:a/tuned", trained_on: [maths]}
groups: {maths: [math], reasoning: [logic]}
domains: [math, logic]
"""
DESCRIBED = EXPERIMENT[EXPERIMENT.index("  - name: sums") : EXPERIMENT.index("grid:")]
MODEL = EXPERIMENT[EXPERIMENT.index("  preset") : EXPERIMENT.index("domains:\n")]
PLAN = ("grid", "plan", "experiment.yaml")
FILES = {
    "experiment.yaml": EXPERIMENT,
    "sums.yaml": DOMAIN,
    "study.yaml": STUDY,
    "rows.jsonl": "".join(f'{{"q": "What is {number} + 1?", "a": {number + 1}}}\n' for number in range(200)),
}


@dataclass(frozen=True)
class Typo:
    """A mistake.

    Attributes:
        title: What is wrong.
        changed: Name of the file with the mistake.
        text: Its text.
        command: The command that is run.
        files: Texts of further files that are changed.
    """

    title: str
    changed: str
    text: str
    command: Sequence[str] = PLAN
    files: Mapping[str, str] = field(default_factory=dict)


def _changed(text: str, changes: Sequence[tuple[str, str]]) -> str:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def typo(title: str, *changes: tuple[str, str], file: str = "experiment.yaml", command: Sequence[str] = PLAN) -> Typo:
    """Return a mistake in one of the files: texts in it that are replaced."""
    return Typo(title, file, _changed(FILES[file], changes), command)


def in_domain_file(title: str, *changes: tuple[str, str]) -> Typo:
    """Return a mistake in the file of a domain that the experiment names by `file:`."""
    experiment = EXPERIMENT.replace(DESCRIBED, "  - file: sums.yaml\n")
    return Typo(title, "sums.yaml", _changed(DOMAIN, changes), PLAN, {"experiment.yaml": experiment})


def in_study(title: str, *changes: tuple[str, str]) -> Typo:
    """Return a mistake in a study."""
    return typo(title, *changes, file="study.yaml", command=("study", "study.yaml"))


def whole(title: str, text: str) -> Typo:
    """Return an experiment's file that is something else."""
    return Typo(title, "experiment.yaml", text)


VERIFIER = "verifier: {kind: text, answer_in: whole}"
SEEDS = "seeds: [0]"


def _domains() -> Iterator[Typo]:
    yield typo("a verifier's name", (VERIFIER, "verifier: numbers"))
    yield typo("a verifier's kind", ("kind: text", "kind: txt"))
    yield typo("a verifier's key", ("answer_in: whole", "normalize: true"))
    yield typo("a verifier's key beside the verifier", (VERIFIER, VERIFIER + "\n    normalise: true"))
    yield typo("a verifier's value", ("answer_in: whole", "answer_in: hole"))
    yield typo("a verifier's pattern", ("answer_in: whole", "form: '(a'"))
    yield typo("a source's kind", ("kind: jsonl", "kind: jsnol"))
    yield typo("a source's key", ("path: rows", "paht: rows"))
    yield typo("no source", ("    source: {kind: jsonl, path: rows.jsonl}\n", ""))
    yield typo("a number for a column", ("gold: a", "gold: 5"))
    yield typo("a column that the rows lack", ("gold: a", "gold: answer"))
    yield typo("a template's field", (VERIFIER, VERIFIER + '\n    template: "{{ quesion }}"'))
    yield typo("a reward's preset", (VERIFIER, VERIFIER + "\n    reward: cgop"))
    yield typo("a reward's key", (VERIFIER, VERIFIER + "\n    reward: {rihgt: 1}"))
    yield typo("a data file that does not exist", ("rows.jsonl", "rowz.jsonl"))
    yield typo("a variable that is not set", ("path: rows.jsonl", 'path: "${NO_SUCH_FOLDER}/rows.jsonl"'))
    yield typo("a variable without quotes in braces", ("path: rows.jsonl", "path: ${NO_SUCH_FOLDER}/rows.jsonl"))
    yield typo("a registered domain", ("  - math\n", "  - mth\n"))
    yield typo("a number for a domain", ("  - math\n", "  - 5\n"))
    yield typo("a domain twice", ("  - math\n", "  - math\n  - math\n"))
    yield typo("a mapping for a list", ("domains:\n  - math\n" + DESCRIBED, "domains:\n  math: {}\n"))
    yield typo("a domain's file that does not exist", (DESCRIBED, "  - file: sumz.yaml\n"))
    yield in_domain_file("a kind in a domain's file", ("kind: text", "kind: txt"))
    yield in_domain_file("a key in a domain's file", ("verifier:", "verifer:"))


def _sections() -> Iterator[Typo]:
    yield typo("a number for a list", (SEEDS, "seeds: 3"))
    yield typo("a seed twice", (SEEDS, "seeds: [0, 0]"))
    yield typo("an arrow", ("math -> sums", "math => sums"))
    yield typo("an unknown domain in a curriculum", ("math -> sums", "maths -> sums"))
    yield typo("an unknown domain in the warm-up", ("domains: [math]", "domains: [mth]"))
    yield typo("no warm-up", ("\n  warmup: {steps: 10, domains: [math]}", ""))
    yield typo("a text for a section", ("model:\n" + MODEL, "model: tiny_qwen3\n"))
    yield typo("two models", ("  preset", "  path: folder\n  preset"))
    yield typo("a placeholder for a commit", (MODEL, "  hub: Qwen/Qwen3-4B-Base\n  revision: <commit>\n"))
    yield typo("a misspelt hub id", (MODEL, f"  hub: Qwen/Qwen3-4B-Bsae\n  revision: {'a' * 40}\n"))
    yield typo("a list for a section", ("grid: {singles: true}", "grid: [singles]"))
    yield typo("nothing to train", ("grid: {singles: true}\ncurricula: [math -> sums]\n", ""))
    yield typo("a section's name", ("training:", "trainig:"))
    yield typo("a section's key", ("steps: 20", "setps: 20"))
    yield typo("a key at another level", (SEEDS, f"{SEEDS}\nsteps: 20"))
    yield typo("a truth value for a number", ("steps: 20", "steps: true"))
    yield typo("a fraction for a whole number", ("steps: 20", "steps: 2.5"))
    yield typo("a number in quotes", ("steps: 20", "steps: '20'"))
    yield typo("groups that cannot be filled", ("generations: 4", "generations: 1"))
    yield typo("an optimizer", ("steps: 20", "steps: 20, optimizer: adam"))
    yield typo("a strategy", (SEEDS, f"{SEEDS}\nstrategies: [cgop]"))
    yield typo("a strategy's key", (SEEDS, f"{SEEDS}\nstrategy: {{name: cgpo, alhpa: 1}}"))
    yield typo("a backend", ("items: 20", "items: 20, backend: vlm"))
    yield typo("more items than there are", ("items: 20", "items: 2000"))
    yield typo("checkpoints after the end", (SEEDS, f"{SEEDS}\ncheckpoints: {{every_steps: 40}}"))
    yield typo("a percentage", (SEEDS, f"{SEEDS}\nanalysis: {{margin: 2%}}"))
    yield typo("a domain in a contrast", (SEEDS, f'{SEEDS}\nanalysis: {{contrasts: ["order(math, sum) on math"]}}'))
    yield typo("a quantity in a contrast", (SEEDS, f'{SEEDS}\nanalysis: {{contrasts: ["ordr(math, sums) on math"]}}'))
    yield typo("a name with spaces", ("name: mine", "name: My Experiment"))
    yield typo("several at once", ("kind: text", "kind: txt"), ("steps: 20", "setps: 20"), (SEEDS, "seeds: 0"))
    yield typo("--set of an unknown key", command=(*PLAN, "--set", "training.setps=3"))


def _yaml() -> Iterator[Typo]:
    yield typo("a tab", ("  preset", "\tpreset"))
    yield typo("a key twice", (SEEDS, f"{SEEDS}\nseeds: [1]"))
    yield typo("one space too many before an entry", ("  - name: sums", "   - name: sums"))
    yield typo("one space too few before a key", ("    fields:", "   fields:"))
    yield typo("a bracket that is not closed", (SEEDS, "seeds: [0"))
    yield typo("no space after a colon", (SEEDS, "seeds:[0]"))
    yield typo("yes for true", ("singles: true", "singles: yes"))
    yield whole("an empty file", "")
    yield whole("a list for an experiment", "- math\n- logic\n")
    yield typo("a file that does not exist", command=("grid", "plan", "experimnt.yaml"))


def _studies() -> Iterator[Typo]:
    yield in_study("a pair's key", ("tuned:", "tunde:"))
    yield in_study("a pair's group", ("trained_on: [maths]", "trained_on: [math]"))
    yield in_study("a benchmark in a group", ("reasoning: [logic]", "reasoning: [logik]"))
    yield in_study("a benchmark without a group", (", reasoning: [logic]", ""))
    yield in_study("a text for a list", ("trained_on: [maths]", "trained_on: maths"))
    yield in_study("no pairs", ('pairs:\n  - {name: first, base: "hub:a/base", tuned: "hub:a/tuned", trained_on: [maths]}', "pairs: []"))  # noqa: E501  # fmt: skip


TYPOS = [*_domains(), *_sections(), *_yaml(), *_studies()]
