"""Hashes by which a run names the files that it read, wherever they lie."""

import hashlib
from pathlib import Path

_BLOCK_BYTES = 1 << 20


def hash_files(paths: list[Path]) -> dict[str, str]:
    """SHA-256 of each file, by name."""
    return {path.name: _sha256(path) for path in sorted(paths)}


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
