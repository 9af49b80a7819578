"""A verifier written from scratch against `xdomain.domains.verifiers.base`."""

from __future__ import annotations

import re

from xdomain.config.domain_verifier import PluginVerifier
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.verifiers.base import OneByOne


class Numeral(OneByOne):
    """The first run of Roman letters is the answer."""

    id = "numeral/1"

    def __init__(self, config: PluginVerifier) -> None:
        self.shares: bool = config.settings.share_of_letters

    def judge_one(self, item: Item, completion: str) -> Verdict:
        found = re.search("[MDCLXVI]+", completion)
        if found is None:
            return Verdict.malformed("no Roman letter")
        if found[0] == item.gold:
            return Verdict.right("ave", answer=found[0])
        same = sum(a == b for a, b in zip(found[0], item.gold, strict=False)) / max(len(found[0]), len(item.gold))
        return Verdict.wrong("vae", answer=found[0], score=same if self.shares else 0.0)
