"""What was already done to the stack's databases, so that a later start need not do it again.

Kept beside PostgreSQL's data, and gone with it.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deploy.local.files import read_json, write_json
from deploy.local.layout import ROOT, Layout
from deploy.local.problem import StackProblem
from deploy.local.seed_data import directory, tier_scheme

SCHEMA_SOURCES = ("services/*/migrations/**/*.py", "services/*/storage/**/*.sql", "shared/*.py")


def read_marks(layout: Layout) -> dict[str, Any]:
    """`schema`, `program`, `token`, `seed` and `till`, each once it is there."""
    return read_json(_file(layout))


def mark(layout: Layout, **facts: Any) -> None:
    """Note that something is done."""
    write_json(_file(layout), {**read_marks(layout), **facts})


def check_key(layout: Layout, deployment_key: str) -> None:
    """Raise StackProblem if the data was sealed with another key than the one that is kept."""
    found = _digest([deployment_key.encode()])
    marked = read_marks(layout).get("key", found)
    if marked != found:
        raise StackProblem(
            f"{layout.secrets_file} is not the one with which the data was made, and what is "
            "sealed with its key cannot be read.\n"
            "Put the old file back, or run `make clean` to start with new data."
        )
    mark(layout, key=found)


def schema_digest() -> str:
    """Changes whenever a migration, or something that migrations use, does."""
    paths = sorted(path for pattern in SCHEMA_SOURCES for path in ROOT.glob(pattern))
    return _digest(part for path in paths for part in (path.name.encode(), path.read_bytes()))


def seed_digest() -> str:
    """Changes whenever what the stack is filled with does."""
    return _digest([json.dumps([directory(), tier_scheme()]).encode()])


def _file(layout: Layout) -> Path:
    return layout.data("postgres") / "done.json"


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()
