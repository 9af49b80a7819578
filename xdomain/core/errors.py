"""The tree of errors. A user sees one paragraph: what is wrong, where, and what to do about it.

Exit codes: 0 done, 1 a stage failed, 2 bad input, 3 missing dependency, 4 a gate refuted, 5 a gate undecided,
70 an internal error of xdomain, 130 interrupted.
"""

from __future__ import annotations

import errno
import re

OWN_FAULT = 70
"""Exit code of an unexpected error (sysexits' EX_SOFTWARE)."""


REFUSALS = frozenset({
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ESTALE,
    errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG,
})  # fmt: skip
"""Error numbers of the file system whose reasons are outside this program."""
LINE_BREAK = re.compile(r"\s*\n\s*")

LONGEST_PART = 1500
"""Largest number of characters of `what` and of `where` in a message. Both may quote long parts of a file."""


class XDomainError(Exception):
    """Base class of every error that is meant for the user.

    Args:
        what: Sentence that states what is wrong.
        where: File and dotted field, stage or path with the error.
        fix: Sentence that states what the user can do.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None) -> None:
        self.what = what
        self.where = where
        self.fix = fix
        super().__init__(self.paragraph())

    def paragraph(self) -> str:
        """Return the message as one paragraph on a single line, even if it quotes a text of several lines."""
        what = _cut(self.what)
        head = f"{_cut(self.where)}: {what}" if self.where else what
        return LINE_BREAK.sub(" ", f"{head} {self.fix}" if self.fix else head)

    def __reduce__(self) -> tuple[object, ...]:
        # Errors are sent between processes, and the default pickling loses keyword arguments.
        return (_rebuild, (type(self), self.what, self.where, self.fix))


def _cut(text: str) -> str:
    """Return the text. If it is long, its middle is left out."""
    half = LONGEST_PART // 2
    return text if len(text) <= LONGEST_PART else f"{text[:half]}...{text[-half:]}"


def _rebuild(kind: type[XDomainError], what: str, where: str | None, fix: str | None) -> XDomainError:
    return kind(what, where=where, fix=fix)


class ConfigError(XDomainError):
    """The experiment file, or a value in it, is wrong."""

    exit_code = 2


class ConfigErrors(ConfigError):
    """Several mistakes in a file, each on its own line of `what`."""

    def paragraph(self) -> str:
        return "\n".join(LINE_BREAK.sub(" ", line) for line in f"{self.where}: {self.what}".split("\n"))


class PlanError(XDomainError):
    """The experiment is well-formed but cannot be planned."""

    exit_code = 2


class DataError(XDomainError):
    """A data source is missing, empty, overlapping or malformed."""

    exit_code = 2


class PluginError(XDomainError):
    """A registered name is unknown or its implementation cannot be loaded."""

    exit_code = 2


class AnalysisError(XDomainError):
    """Records cannot be compared or summarised as asked."""

    exit_code = 2


class StoreError(XDomainError):
    """The store is unreadable, corrupt, or from another version."""

    exit_code = 2


class DamagedArtifact(StoreError):
    """A published file is corrupt: it is missing, or its digest differs."""


class StageError(XDomainError):
    """A stage failed while it ran."""

    exit_code = 1


class DependencyMissing(XDomainError):
    """An optional dependency is not installed; `fix` names the pip command."""

    exit_code = 3


class GateRefuted(XDomainError):
    """A `--fail-if` condition is supported, or a `--require` condition refuted."""

    exit_code = 4


class GateUndecided(XDomainError):
    """No gate was refuted, but the interval of a `--require` condition neither supports nor refutes it."""

    exit_code = 5


class Interrupted(XDomainError):
    """The user stopped the session. All finished stages are in the store."""

    exit_code = 130


def refusal(error: OSError, what: str = "cannot be used", fix: str | None = None) -> StoreError | None:
    """Return an error for the user if the file system refused an operation; None if xdomain may be at fault.

    Args:
        error: Error of the operating system.
        what: Predicate of the message, such as "cannot be written".
        fix: Sentence that states what the user can do.
    """
    if error.errno not in REFUSALS:
        return None
    return StoreError(f"{what}: {error.strerror}.", where=str(error.filename or "a file"), fix=fix)
