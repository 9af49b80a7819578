"""Finding the stated answer in a completion.

The principle: judge the stated answer. Reasoning is cut off first. Then the last explicit statement (a box, a tag,
"the answer is") wins over the last letter, number or line. docs/explanation/what-a-completion-answers.md says it
in full. Everything in this package is linear in the length of hostile text.
"""

from __future__ import annotations

from xdomain.domains.extraction.boxes import balanced
from xdomain.domains.extraction.places import FINDERS
from xdomain.domains.extraction.reasoning import cut_reasoning
from xdomain.domains.extraction.statements import ANSWER_IS, extract

__all__ = ["ANSWER_IS", "FINDERS", "balanced", "cut_reasoning", "extract"]
