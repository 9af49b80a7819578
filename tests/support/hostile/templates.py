"""Templates that would take a machine down."""

from __future__ import annotations

HOSTILE = (
    "{{ 'a' * 10**9 }}",
    "{{ [0] * 10**9 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ 'a' | center(10**9) }}",
    "{% for i in range(10**12) %}{% endfor %}",
    "{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}",
    "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x }}",
    "{{ x" + " | upper" * 5000 + " }}",
)
ENDLESS = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
"""Templates without end, or with more text or memory than any prompt needs."""
