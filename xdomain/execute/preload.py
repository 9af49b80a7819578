"""Imported by the forkserver before it forks: the seconds of importing are paid once."""

from __future__ import annotations

import importlib

from xdomain.core.provenance import code_state
from xdomain.execute.worker import PRELOAD

for name in PRELOAD:
    importlib.import_module(name)
code_state()
