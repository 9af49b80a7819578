"""Installed packages that guests may import, by name: their files, and those of the packages that they require."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from xdomain.core.errors import DependencyMissing

PACKAGES = "/packages"
"""Folder of the packages in a guest."""


@lru_cache
def package_files(names: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the files and folders that make up the named packages and what they require.

    Args:
        names: Import names of the packages, such as `numpy` or `sklearn`.

    Raises:
        DependencyMissing: One is not installed, or not as files that can be mounted.
    """
    installed = packages_distributions() if names else {}
    found: dict[str, list[Path]] = {}
    for name in names:
        if name not in installed:
            raise missing(name, "is not installed")
        for each in installed[name]:
            add(distribution(each), found)
        if not any(file.name.partition(".")[0] == name for files in found.values() for file in files):
            raise missing(name, "is installed as a link to its source, which guests cannot see")
    return tuple(sorted({file for files in found.values() for file in files}))


def missing(name: str, what: str) -> DependencyMissing:
    return DependencyMissing(
        f'the package "{name}" {what}, so the programs of this domain cannot import it.',
        where="domains.verifier.packages",
        fix=f"Install it (pip install {name}), or remove it from `packages`.",
    )


def add(package: Distribution, found: dict[str, list[Path]]) -> None:
    """Add the files of a distribution and of those that it requires to `found`; extras do not count."""
    if package.name in found:
        return
    # Only an installed package has a RECORD; a folder of sources, which a checkout on the path looks like, has none.
    installed = package.files or () if package.read_text("RECORD") is not None else ()
    tops = {file.parts[0] for file in installed if file.parts[0] not in ("..", "__pycache__")}
    files = [Path(str(package.locate_file(top))) for top in tops if not top.endswith(".pth")]
    found[package.name] = [file for file in files if file.exists()]
    for requirement in package.requires or ():
        name = re.match(r"[\w.-]+", requirement)
        if name is None or "extra ==" in requirement:
            continue
        try:
            add(distribution(name[0]), found)
        except PackageNotFoundError:  # needed on other systems or by other versions of Python only
            continue


def extension_modules(files: Sequence[Path]) -> list[Path]:
    """Return the compiled files among packages, whose libraries guests need as well."""
    return [
        file for each in files for file in ([each] if each.is_file() else each.rglob("*")) if ".so" in file.suffixes
    ]
