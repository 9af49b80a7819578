"""Evaluation stages, each of one checkpoint on one domain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.setups import EvaluationSetup, entry_name
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.identity import Identities, evaluate_payload
from xdomain.plan.stage import CheckpointRef, EvaluateStage, PhaseStage, Purpose


class EvaluationPlan:
    """A factory of evaluation stages.

    Args:
        setup: Domains and execution settings.
        identities: Identities of the domains.
        settings: Evaluation settings by domain; by default `setup.settings` for each.
        purpose: Purpose of the evaluations.
    """

    def __init__(
        self,
        setup: EvaluationSetup,
        identities: Identities,
        settings: Mapping[str, EvaluationConfig] | None = None,
        purpose: Purpose = Purpose.REPORT,
    ) -> None:
        self._entries = {entry_name(entry): entry for entry in setup.domains}
        self._execution = setup.execution
        self._identities = identities
        self._settings = settings or dict.fromkeys(self._entries, setup.settings)
        self._purpose = purpose

    def stages(self, checkpoints: Iterable[tuple[CheckpointRef, str]]) -> dict[str, EvaluateStage]:
        """Return the evaluations of each checkpoint (given with its title) on each domain, keyed by stage key."""
        found = {}
        for checkpoint, title in checkpoints:
            for domain in self._entries:
                stage = self.stage(checkpoint, title, domain, f"{title} on {domain}")
                found[stage.key] = stage
        return found

    def of_phase(self, stage: PhaseStage) -> dict[str, EvaluateStage]:
        """Return the evaluations of the checkpoints of a phase on each domain, keyed by stage key."""
        return self.stages((ref, f"{stage.title} step {ref.step}") for ref in stage.checkpoints)

    def stage(self, checkpoint: CheckpointRef, checkpoint_title: str, domain: str, title: str) -> EvaluateStage:
        """Return the evaluation of one checkpoint on one domain."""
        settings = self._settings[domain]
        split = settings.split if self._purpose is Purpose.REPORT else "train"
        payload = evaluate_payload(settings, self._execution, self._identities, checkpoint, domain, split)
        return EvaluateStage(
            key=fingerprint(payload),
            title=title,
            payload=payload,
            checkpoint=checkpoint,
            checkpoint_title=checkpoint_title,
            domain_entry=self._entries[domain],
            settings=settings,
            purpose=self._purpose,
        )
