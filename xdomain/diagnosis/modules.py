"""Group a model's weights into modules: attention, MLP and norms of each layer, embeddings, and the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass

WITHIN_LAYER = re.compile(r"(?:^|\.)(\d+)\.([^.]+)")
"""The first number in a weight's name, which is its layer, and the component after it."""
PARTS = (
    ("norms", re.compile(r"norm|^ln")),
    ("attention", re.compile(r"attn|attention")),
    ("mlp", re.compile(r"mlp|ffn|feed_forward|moe|expert|^fc\d")),
)
"""Parts of a layer, each with a pattern for the first component of a name. The first match counts."""
OUTSIDE = (
    ("output", re.compile(r"lm_head|embed_out")),
    ("embeddings", re.compile(r"emb|wte|wpe")),
    ("final norm", re.compile(r"norm|ln_f")),
)


@dataclass(frozen=True)
class Module:
    """A part of a layer, or a part of the model outside its layers.

    Attributes:
        layer: Index of the layer, from 0; None outside the layers.
        part: "attention", "mlp", "norms", "embeddings", "final norm", "output", or the weight's own name.
    """

    layer: int | None
    part: str

    @property
    def label(self) -> str:
        """Text such as "layer 3 attention"."""
        return self.part if self.layer is None else f"layer {self.layer} {self.part}"

    @property
    def position(self) -> tuple[int, int, str]:
        """Position in the order of the forward pass, by which tables are sorted."""
        if self.layer is not None:
            return 1, self.layer, self.part
        return (0 if self.part == "embeddings" else 2), 0, self.part


def module_of(name: str) -> Module:
    """Return the module that a weight belongs to, from its name in the model."""
    found = WITHIN_LAYER.search(name)
    if found is None:
        own = name.removesuffix(".weight")
        return Module(None, next((part for part, pattern in OUTSIDE if pattern.search(name)), own))
    component = found[2]
    return Module(int(found[1]), next((part for part, pattern in PARTS if pattern.search(component)), component))
