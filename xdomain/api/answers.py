"""Load the item records behind the results, for the page of `xdomain view`."""

from __future__ import annotations

from xdomain.api.session import Session
from xdomain.core.artifact_layout import ROLLOUTS, checkpoint_folder
from xdomain.core.errors import AnalysisError
from xdomain.core.parquet import read_records
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.domains.check import items_here
from xdomain.store.optional import grown
from xdomain.store.store import Store
from xdomain.view.answers import Answers, evaluation_labels, label_of, read_rollouts
from xdomain.view.prompts import PromptTexts


def load_answers(session: Session) -> Answers:
    """Load the records of an experiment and all other data that the page shows."""
    plan, store = grown(session.plan, session.store), session.store
    experiment = plan.experiment
    grid = session.measure(with_text=True)
    split = Split(experiment.evaluation.split)
    domains = build_domains(experiment.domains, experiment.domain_names)
    done = store.done(plan.train_stages)
    rollouts = {
        stage.title: store.folder(stage) / ROLLOUTS
        for stage in plan.train_stages
        if stage.key in done and (store.folder(stage) / ROLLOUTS).is_file()
    }
    splits = (split, Split.TRAIN) if rollouts else (split,)
    items = {
        name: {item.id: item for each in splits for item in items_here(domain, each)}
        for name, domain in domains.items()
    }
    # All checkpoints of a grid share the base model's tokenizer.
    folder = checkpoint_folder(store.folder(plan.base), 0)
    return Answers(
        grid.experiment,
        grid.records,
        {place.checkpoint: label_of(place) for place in grid.checkpoints},
        items,
        PromptTexts({place.checkpoint: folder for place in grid.checkpoints}),
        read_rollouts(rollouts),
    )


def load_store(store: Store) -> Answers:
    """Load the records of all evaluations in a store, whether an experiment, `eval` or `study` made them.

    Raises:
        AnalysisError: The store contains no evaluation.
    """
    stages = store.find("evaluate-*")
    if not stages:
        raise AnalysisError(
            "the store contains no evaluation.", where=str(store.root), fix="Name another one with --store."
        )
    domains = {stage.key: str(stage.payload["items"]["domain"]) for stage in stages}
    # A stored evaluation is titled "CHECKPOINT on DOMAIN".
    titles = {stage.key: stage.title.removesuffix(f" on {domains[stage.key]}") for stage in stages}
    labels = evaluation_labels({key: (title, domains[key]) for key, title in titles.items()})
    records = read_records([store.open_artifact(stage) / "records.parquet" for stage in stages])
    records["checkpoint"] = records["stage_key"].map(labels)
    return Answers(str(store.root), records, {label: label for label in labels.values()}, {}, PromptTexts({}))
