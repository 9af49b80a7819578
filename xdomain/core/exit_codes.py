"""Exit codes by which a worker process tells an executor how it ended."""

from __future__ import annotations

STOPPED = 75
"""A stage stopped at a checkpoint because it was told to, and can be submitted again (sysexits' EX_TEMPFAIL)."""
LOST_LEASE = 76
"""Another worker took the lease over."""
