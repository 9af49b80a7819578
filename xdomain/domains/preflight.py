"""What must hold of an experiment's domains before the first stage starts."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from xdomain.core.errors import DataError
from xdomain.domains.base import Domain, Split
from xdomain.domains.overlap import refuse_overlaps


def preflight_domains(domains: Sequence[Domain], trained: Collection[str], evaluated: Split) -> None:
    """Read every domain's data and try what its scoring needs.

    Args:
        domains: of the experiment.
        trained: names of those that some curriculum trains on.
        evaluated: the split that checkpoints are evaluated on.

    Raises:
        DataError: a needed split is empty, data is malformed, or train and test overlap without leave.
        DependencyMissing: scoring needs what is not here (a sandbox, a judge's key).
    """
    for domain in domains:
        needed = {evaluated} | ({Split.TRAIN} if domain.name in trained else set())
        for split in sorted(needed):
            if not domain.items(split):
                raise DataError(
                    f"its {split} split is empty.",
                    where=f"domains.{domain.name}",
                    fix="Name a file or a share for it under the domain's `source` and `split`, or loosen `filters`.",
                )
        domain.preflight()
    refuse_overlaps(domains)
