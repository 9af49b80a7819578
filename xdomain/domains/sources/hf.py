"""Read a Hugging Face data set by id and pinned commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xdomain.config.domain_source import HfSource
from xdomain.core.errors import ConfigError, DataError, DependencyMissing
from xdomain.core.fingerprint import file_digest
from xdomain.core.installation import install_command
from xdomain.domains.sources.base import Part, Row, Source


class HfRows(Source):
    """A source of rows that `datasets` loads, without a network from its cache. Code of a data set is never run."""

    def __init__(self, config: HfSource) -> None:
        self.config = config
        self.local = Path(config.id).is_dir()
        if config.revision is None and not self.local:
            raise ConfigError(
                f'"{config.id}" needs a pinned `revision`.',
                where="domains.source.revision",
                fix="Give the full commit hash that its page on the hub shows under Files, History.",
            )

    def parts(self) -> tuple[Part, ...]:
        named: dict[Part, str | None] = {
            "pool": self.config.pool,
            "train": self.config.train,
            "dev": self.config.dev,
            "test": self.config.test,
        }
        return tuple(part for part, name in named.items() if name is not None)

    def rows(self, part: Part) -> Sequence[Row]:
        try:
            import datasets
        except ImportError as error:
            raise DependencyMissing(
                "the package `datasets` is missing.", where="domains.source", fix=install_command("train")
            ) from error
        name = getattr(self.config, part)
        try:
            table = datasets.load_dataset(self.config.id, self.config.config, split=name, revision=self.config.revision)
        except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
            raise DataError(
                f"cannot be loaded: {error}.",
                where=f"{self.config.id} ({name})",
                fix="Check id, config and split; without a network the data set must be in the cache (HF_HOME).",
            ) from error
        return [Row(row, f"{self.config.id}/{name}:{number}") for number, row in enumerate(table, start=1)]

    def identity(self) -> Mapping[str, Any]:
        parts = {"config", "pool", "train", "dev", "test"}
        chosen = self.config.model_dump(mode="json", include=parts, exclude_defaults=True)
        if not self.local:
            return {"kind": "hf", "id": self.config.id, "revision": self.config.revision, **chosen}
        files = sorted(path for path in Path(self.config.id).rglob("*") if path.is_file())
        digests = {str(path.relative_to(self.config.id)): file_digest(path) for path in files}
        return {"kind": "hf", "files": digests, **chosen}
