"""The kinds of postings that points makes are those that its contract names."""

import ast
from pathlib import Path

from services.points.domain.ledger.adjustments import ADJUSTMENT, WRITE_OFF
from services.points.domain.spending.redeeming import RETURN
from services.points.tables.ledger import posting
from shared.contracts.posting_kinds import COUNTER_ACCOUNTS, POSTING_KINDS, SOURCE_KINDS

POINTS = Path(__file__).parents[2] / "services" / "points"


def _said(name: str) -> list[list[str | None]]:
    """The texts that stand as arguments wherever `name` is made; None for what is no text."""
    found = []
    for path in POINTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(name):
                values = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
                found.append([value if isinstance(value, str) else None for value in values])
    return found


def test_the_contract_names_every_kind_that_is_made() -> None:
    causes = _said("Cause")
    assert {args[0] for args in causes} - {None} <= set(POSTING_KINDS)
    assert {args[2] for args in causes if len(args) > 2} - {None} <= set(SOURCE_KINDS)
    assert {ADJUSTMENT, WRITE_OFF, RETURN} <= set(POSTING_KINDS)
    moves = {args[0] for args in _said("Move")} - {None}
    assert moves
    assert {f"{move}_{side}" for move in moves for side in ("out", "in")} <= set(POSTING_KINDS)
    assert moves <= set(SOURCE_KINDS)


def test_the_contract_names_the_accounts_that_the_books_allow() -> None:
    [check] = [c for c in posting.constraints if str(c.name).endswith("counter_account")]
    allowed = str(getattr(check, "sqltext", ""))
    assert all(f"'{account}'" in allowed for account in COUNTER_ACCOUNTS)
    assert allowed.count("'") == 2 * len(COUNTER_ACCOUNTS)
