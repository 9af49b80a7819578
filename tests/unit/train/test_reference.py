"""The reference model of a KL penalty."""

from __future__ import annotations

from pathlib import Path

import torch

from tests.support.toy_training import toy_trainer
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.reference import prepared_reference


def test_the_reference_answers_as_trl_asks_the_trained_model(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path)
    reference = prepared_reference(trainer, tiny_qwen3()[0])
    ids, mask = torch.tensor([[5, 6, 7, 8]]), torch.ones(1, 4, dtype=torch.long)
    own, others = (
        trainer._get_per_token_logps_and_entropies(model, ids, mask, 2)[0] for model in (trainer.model, reference)
    )
    assert own.shape == (1, 2)
    assert torch.equal(own, others)
