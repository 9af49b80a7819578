"""Exit codes with which a worker process tells its executor why it ended."""

from __future__ import annotations

STOPPED = 75
"""A stage stopped at a checkpoint on request, and can be submitted again (sysexits' EX_TEMPFAIL)."""
LOST_LEASE = 76
"""Another worker took the lease over."""
