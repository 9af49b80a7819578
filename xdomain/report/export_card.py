"""Model card of an exported checkpoint: its origin, how to load it, and its licence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from xdomain.report.markdown import escaped

TRAINED = "trained by reinforcement learning (GRPO)"
LOAD = """from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained("{folder}")
tokenizer = AutoTokenizer.from_pretrained("{folder}")
{prompt}
output = model.generate(**inputs, max_new_tokens=256)
answer = tokenizer.decode(output[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True)"""
LOAD_ADAPTER = LOAD.replace("AutoModelForCausalLM, AutoTokenizer", "AutoTokenizer").replace(
    "model = AutoModelForCausalLM", "model = AutoPeftModelForCausalLM"
)
CHAT = """inputs = tokenizer.apply_chat_template(
    [{"role": "user", "content": "QUESTION"}], add_generation_prompt=True, return_dict=True, return_tensors="pt"
)"""
PLAIN = 'inputs = tokenizer("QUESTION", return_tensors="pt")'


def export_card(
    title: str,
    *,
    folder: str,
    base_model: str | None,
    licence: str | None,
    lineage: Sequence[str],
    made_by: str,
    settings: Mapping[str, Any],
    adapter: bool,
    chat_template: bool,
) -> str:
    """Return README.md of an exported checkpoint, with the YAML header that the Hugging Face hub reads.

    Args:
        title: Title of the checkpoint.
        folder: Name of the exported folder.
        base_model: Hub id of the model that training started from; None if it is not on the hub.
        licence: Identifier of a licence; None asks the reader to look up the base model's licence.
        lineage: One line for the base model and one per training stage, first phase first.
        made_by: The way in which the last stage made the checkpoint, in words; "" for the base model.
        settings: Settings of the last training stage.
        adapter: True if the folder holds a LoRA adapter instead of full weights.
        chat_template: True if prompts are formatted with the tokenizer's chat template.
    """
    header: dict[str, Any] = {} if base_model is None else {"base_model": base_model}
    header |= {} if licence is None else {"license": licence}
    header |= {"library_name": "peft" if adapter else "transformers", "pipeline_tag": "text-generation"}
    header["tags"] = ["xdomain", "grpo", "reinforcement-learning"]
    usage = LOAD_ADAPTER if adapter else LOAD
    imports = "from peft import AutoPeftModelForCausalLM\n" if adapter else ""
    snippet = imports + usage.format(folder=folder, prompt=CHAT if chat_template else PLAIN)
    parts = [
        f"# {escaped(title)}",
        _about(base_model, adapter=adapter, made_by=made_by),
        "## Use",
        f"```python\n{snippet}\n```",
        "## Training",
        "\n".join(f"{number}. {escaped(line)}" for number, line in enumerate(lineage, 1)),
        *(["\n".join(f"- {name}: {value}" for name, value in settings.items())] if settings else []),
        "## Licence",
        f"`{licence}`."
        if licence
        else "The licence of the base model applies. State it in this card's header before you publish it.",
        "Accuracies with intervals: `xdomain report EXPERIMENT --format model-cards`.",
    ]
    return f"---\n{yaml.safe_dump(header, sort_keys=False)}---\n\n" + "\n\n".join(parts) + "\n"


def _about(base_model: str | None, *, adapter: bool, made_by: str) -> str:
    source = f"`{base_model}`" if base_model else "a base model that is not on the hub"
    if not made_by:
        return f"The base model of an xdomain experiment: {source}, prepared for training."
    what = "LoRA adapter" if adapter else "model"
    return f"A {what} {made_by} with xdomain, from {source}."
