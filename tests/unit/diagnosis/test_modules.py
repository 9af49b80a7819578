"""Names of weights belong to modules, whatever the architecture calls them."""

from __future__ import annotations

import pytest

from xdomain.diagnosis.modules import Module, module_of


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("model.layers.3.self_attn.q_proj.weight", "layer 3 attention"),
        ("model.layers.3.self_attn.q_norm.weight", "layer 3 attention"),
        ("model.layers.3.post_attention_layernorm.weight", "layer 3 norms"),
        ("model.layers.11.mlp.experts.5.down_proj.weight", "layer 11 mlp"),
        ("transformer.h.0.attn.c_attn.bias", "layer 0 attention"),
        ("transformer.h.0.ln_1.weight", "layer 0 norms"),
        ("gpt_neox.layers.2.attention.query_key_value.weight", "layer 2 attention"),
        ("model.decoder.layers.4.fc1.weight", "layer 4 mlp"),
        ("model.decoder.layers.4.self_attn_layer_norm.weight", "layer 4 norms"),
        ("backbone.layers.7.mixer.in_proj.weight", "layer 7 mixer"),
        ("model.embed_tokens.weight", "embeddings"),
        ("transformer.wpe.weight", "embeddings"),
        ("embed_out.weight", "output"),
        ("lm_head.weight", "output"),
        ("model.norm.weight", "final norm"),
        ("transformer.ln_f.bias", "final norm"),
        ("model.scale", "model.scale"),
    ],
)
def test_the_module_of_a_weight(name: str, label: str) -> None:
    assert module_of(name).label == label


def test_modules_are_sorted_by_the_forward_pass() -> None:
    order = [Module(None, "embeddings"), Module(2, "mlp"), Module(10, "attention"), Module(None, "output")]
    assert sorted((order[place] for place in (2, 0, 3, 1)), key=lambda module: module.position) == order
