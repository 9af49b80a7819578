"""Imported by the worker server before it forks: what every stage needs is imported, looked up and read once."""

from __future__ import annotations

import gc
import signal

# Before anything slow: Ctrl-C reaches the whole group, and this process ends with its parent.
signal.signal(signal.SIGINT, signal.SIG_IGN)

gc.disable()  # what is imported stays; looking through it over and over took a sixth of the time

from xdomain.worker.log import mask_output  # noqa: E402

mask_output()  # before libraries make loggers that keep stderr

import xdomain.worker.main  # noqa: E402, F401
from xdomain.core.provenance import code_state  # noqa: E402
from xdomain.domains.server_domains import read_server_domains  # noqa: E402

code_state()
read_server_domains()
# What is there now stays: workers need not look through it for garbage, and so do not copy its pages. It is not
# collected first, which takes half a second and leaves holes whose pages workers copy (Python's manual, gc.freeze).
gc.freeze()
gc.enable()
