"""Imports and look-ups that every stage needs, made once in the worker server before it forks."""

from __future__ import annotations

import gc
import signal

# Before slow imports: Ctrl-C reaches the whole process group, but this process should end only with its parent.
signal.signal(signal.SIGINT, signal.SIG_IGN)

gc.disable()  # imported objects stay; searching them for garbage again and again took a sixth of the time

from xdomain.worker.log import mask_output  # noqa: E402

mask_output()  # before libraries make loggers that keep stderr

import xdomain.worker.main  # noqa: E402, F401
from xdomain.core.provenance import code_state  # noqa: E402
from xdomain.domains.server_domains import read_server_domains  # noqa: E402

code_state()
read_server_domains()
# The present objects stay. Workers need not search them for garbage, and so do not copy their memory pages. There is no
# collection first: it takes half a second and leaves holes whose pages workers copy (Python's manual, gc.freeze).
gc.freeze()
gc.enable()
