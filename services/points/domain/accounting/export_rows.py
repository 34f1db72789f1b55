"""What the lines of an export say of a posting."""

import json
from collections.abc import Mapping
from typing import Any

from services.points.domain.accounting.csv_cells import csv_line
from services.points.domain.ledger.sentences import sentences_of
from services.points.domain.ledger.units import unit_of

LEDGER_COLUMNS = (
    "account_id", "member_id", "wallet", "version", "recorded_at", "purchased_at", "kind",
    "counter_account", "points", "balance_after", "source_kind", "source_id", "mall_id", "shop_id",
    "reason",
)  # fmt: skip
STATEMENT_COLUMNS = (
    "wallet", "version", "recorded_at", "purchased_at", "kind", "points", "balance_after",
    "zh-CN", "en",
)  # fmt: skip


def header_of(kind: str) -> str:
    """The first line of a file of that kind."""
    return csv_line(LEDGER_COLUMNS if kind == "ledger" else STATEMENT_COLUMNS)


def line_of(kind: str, posting: Mapping[str, Any]) -> str:
    """A posting's line: in the ledger with its reason as JSON, in a statement in sentences."""
    if kind == "ledger":
        reason = json.dumps(posting["reason"], ensure_ascii=False, sort_keys=True)
        cells = [posting[name] for name in LEDGER_COLUMNS[:-1]]
        return csv_line([*map(_plain, cells), reason])
    unit = unit_of(posting["wallet"], posting["wallet_name"])
    sentences = sentences_of(posting["points"], posting["reason"], unit)
    cells = [posting[name] for name in STATEMENT_COLUMNS[:-2]]
    return csv_line([*map(_plain, cells), sentences["zh-CN"], sentences["en"]])


def _plain(value: Any) -> Any:
    """Ids as text; numbers, instants and what is missing as they are."""
    return (
        value if value is None or isinstance(value, int) or hasattr(value, "tzinfo") else str(value)
    )
