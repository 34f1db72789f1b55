"""`demo.json` beside the stack: what each kind of replay came to, to compare the next one with."""

import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

from demo.totals import Totals


def name_of(month: int | None, members: int | None) -> str:
    """How replays of the same receipts are called, at whatever speed."""
    which = f"month {month}" if month else "the year"
    return f"{which} of {members} households" if members is not None else which


def read_book(home: Path, program_id: UUID) -> dict[str, Any]:
    """What was written for this programme, by name; a new programme has nothing."""
    path = home / "demo.json"
    if not path.exists():
        return {}
    kept: dict[str, Any] = json.loads(path.read_text())
    return dict(kept["replays"]) if kept["program_id"] == str(program_id) else {}


def write_book(home: Path, program_id: UUID, name: str, totals: Totals, took_new: bool) -> None:
    """Keep the totals under the name. Receipts that were new make the other names' totals old."""
    replays = {} if took_new else read_book(home, program_id)
    replays[name] = {"digest": totals.digest, "totals": totals.sums, "asides": totals.asides}
    aside = home / "demo.json.new"
    aside.write_text(json.dumps({"program_id": str(program_id), "replays": replays}, indent=1))
    os.replace(aside, home / "demo.json")
