"""Which of several fenced blocks is the answer."""

from __future__ import annotations

import pytest

from xdomain.domains.extraction import FINDERS


@pytest.mark.parametrize(
    ("completion", "block"),
    [
        ("```python\na\n```\nOutput:\n```\n1\n```", "a\n"),
        ("```Python\na\n```\n```bash\npython a.py\n```", "a\n"),
        ("~~~py\na\n~~~\n~~~\n1\n~~~", "a\n"),
        ("``` python3\na\n```\n```text\n1\n```", "a\n"),
        ("```python\na\n```\n```python\nb\n```", "b\n"),
        ("```\na\n```\n```\nb\n```", "b\n"),
        ("```python\n\n```\n```\nb\n```", "b\n"),
        ("```pytb\na\n```\n```\nb\n```", "b\n"),
    ],
)
def test_the_last_python_block_goes_before_the_last_block(completion, block):
    assert FINDERS["code_block"](completion) == block
