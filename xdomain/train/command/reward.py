"""The rewards of a stage for its command: a function that the command imports, and what the scorer calls.

The command imports `xdomain.train.command.reward:score`. The environment variable XDOMAIN_REWARD names the file that
says which domains judge.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from xdomain.config.model_base import ConfigModel
from xdomain.config.setups import DomainEntries
from xdomain.core.errors import DataError
from xdomain.domains.base import Domain, Split
from xdomain.domains.build import build_domains
from xdomain.models.prompting import scored_text
from xdomain.train.rewards import RewardRouter

FUNCTION = f"{__name__}:score"
VARIABLE = "XDOMAIN_REWARD"


class RewardFile(ConfigModel):
    """What `score` needs to know of a stage."""

    domains: DomainEntries
    names: tuple[str, ...]
    """Domains of the phase."""
    opened: tuple[tuple[str, int, str], ...] = ()
    """Domain and index of each prompt that ends in an open reasoning tag, with that tag."""


class StageReward:
    """Judge completions of a stage's prompts.

    Args:
        domains: Domains of the phase by name.
        opened: Reasoning tag that a prompt leaves open, by domain and index.
    """

    def __init__(self, domains: Mapping[str, Domain], opened: Mapping[tuple[str, int], str]) -> None:
        self._items = {name: domain.items(Split.TRAIN) for name, domain in domains.items()}
        self._router = RewardRouter(domains, self._items)
        self._opened = opened

    def score(
        self,
        domain: Sequence[str],
        index: Sequence[int],
        completions: Sequence[str],
        truncated: Sequence[bool] | None = None,
    ) -> list[float | None]:
        """Return the reward of each completion; None if it could not be judged.

        Args:
            domain: Domain of each completion's prompt.
            index: Index of each prompt, as the schedule gives it.
            completions: Texts that the model wrote, without end token.
            truncated: Whether each completion ran out of tokens, which makes it wrong; None if none did.

        Raises:
            DataError: the lists differ in length, or name a prompt that the stage does not have.
        """
        cut_off = [False] * len(completions) if truncated is None else truncated
        if not len(domain) == len(index) == len(completions) == len(cut_off):
            raise DataError("domain, index, completions and truncated should be equally long.")
        for name, place in zip(domain, index, strict=True):
            if name not in self._items or not 0 <= place < len(self._items[name]):
                raise DataError(f'the stage has no prompt {place} of "{name}".')
        rows = zip(domain, index, completions, strict=True)
        texts = [self.judged(*row) for row in rows]
        return self._router.score(texts, domain=domain, index=index, truncated=cut_off).rewards

    def judged(self, domain: str, index: int, completion: str) -> str:
        """Return the text that the verifier judges: the completion after the reasoning tag that its prompt opened."""
        return scored_text(self._opened.get((domain, index), ""), completion)


def score(
    domain: Sequence[str],
    index: Sequence[int],
    completions: Sequence[str],
    truncated: Sequence[bool] | None = None,
) -> list[float | None]:
    """Judge completions inside the command's process; see `StageReward.score`."""
    return _stage_reward().score(domain, index, completions, truncated)


@cache
def _stage_reward() -> StageReward:
    file = RewardFile.model_validate_json(Path(os.environ[VARIABLE]).read_text(encoding="utf-8"))
    opened = {(name, index): tag for name, index, tag in file.opened}
    return StageReward(build_domains(file.domains, file.names), opened)
