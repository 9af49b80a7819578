"""Find the stated answer in a completion.

The principle is to judge the stated answer. Reasoning is cut off first. Then the last explicit statement (a box, a tag,
"the answer is") takes precedence over the last letter, number or line. The rules are explained in
docs/explanation/what-a-completion-answers.md. Every function takes linear time, also for hostile text.
"""

from __future__ import annotations

from xdomain.domains.extraction.boxes import balanced
from xdomain.domains.extraction.places import FINDERS
from xdomain.domains.extraction.reasoning import cut_reasoning
from xdomain.domains.extraction.statements import ANSWER_IS, extract

__all__ = ["ANSWER_IS", "FINDERS", "balanced", "cut_reasoning", "extract"]
