"""Evaluation stages, each of one checkpoint on one domain."""

from __future__ import annotations

from collections.abc import Iterable

from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.setups import EvaluationSetup, entry_name
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.identity import Identities, evaluate_payload
from xdomain.plan.stage import CheckpointRef, EvaluateStage, Purpose


class EvaluationPlan:
    """A factory of evaluation stages that share their settings.

    Args:
        setup: Domains and execution settings.
        identities: Identities of the domains.
        settings: Evaluation settings; by default `setup.settings`.
        purpose: Purpose of the evaluations.
    """

    def __init__(
        self,
        setup: EvaluationSetup,
        identities: Identities,
        settings: EvaluationConfig | None = None,
        purpose: Purpose = Purpose.REPORT,
    ) -> None:
        self._entries = {entry_name(entry): entry for entry in setup.domains}
        self._execution = setup.execution
        self._identities = identities
        self._settings = settings or setup.settings
        self._purpose = purpose
        self._split = "train" if purpose is Purpose.PASS_RATE else self._settings.split

    def stages(self, checkpoints: Iterable[tuple[CheckpointRef, str]]) -> dict[str, EvaluateStage]:
        """Return the evaluations of each checkpoint (given with its title) on each domain, keyed by stage key."""
        found = {}
        for checkpoint, title in checkpoints:
            for domain in self._entries:
                stage = self.stage(checkpoint, title, domain, f"{title} on {domain}")
                found[stage.key] = stage
        return found

    def stage(self, checkpoint: CheckpointRef, checkpoint_title: str, domain: str, title: str) -> EvaluateStage:
        """Return the evaluation of one checkpoint on one domain."""
        payload = evaluate_payload(self._settings, self._execution, self._identities, checkpoint, domain, self._split)
        return EvaluateStage(
            key=fingerprint(payload),
            title=title,
            payload=payload,
            checkpoint=checkpoint,
            checkpoint_title=checkpoint_title,
            domain_entry=self._entries[domain],
            settings=self._settings,
            purpose=self._purpose,
        )
