"""What is stored of a receipt."""

from services.points.domain.receipts import pos_records
from services.points.tables.receipts import pos_transaction
from tests.points.samples import make_lines, make_stored

STATUSES = {
    pos_records.POSTED,
    pos_records.ANONYMOUS,
    pos_records.WAITING_MEMBER,
    pos_records.WAITING_SALE,
    pos_records.AWAITED,
    pos_records.REFUSED,
    pos_records.IN_REVIEW,
    pos_records.REJECTED,
}


def test_the_database_knows_every_status_and_no_other() -> None:
    [check] = [c for c in pos_transaction.constraints if str(c.name).endswith("_status")]
    allowed = str(check.sqltext)  # type: ignore[attr-defined]
    assert {word for word in allowed.split("'") if word.strip("(), ").isidentifier()} == STATUSES


def test_a_sale_starts_with_nothing_earned_and_nothing_clawed() -> None:
    sale = make_stored(make_lines(100))
    assert (sale.earned, sale.clawed, sale.points, sale.balance_after) == (0, 0, 0, None)
    assert sale.receipt_id == sale.transaction_id
