"""Little receipts to plan with."""

from datetime import timedelta

from demo.receipts import EPOCH_WALL, DemoLine, DemoReceipt
from demo.refunds import DemoRefund
from demo.tables import shops

MORNING = EPOCH_WALL + timedelta(days=64, hours=9)  # Monday 6 March
SHOP, OTHER_SHOP = (shop.number for shop in shops()[:2])
LINE = DemoLine(1, "fresh", "house", 2, 500, 100)


def sale(number: str, household: int = 1, shop: int = SHOP, minutes: int = 0) -> DemoReceipt:
    """A sale of 5.00, so many minutes after the morning."""
    return DemoReceipt(
        number, household, shop, "station", MORNING + timedelta(minutes=minutes), 500, 120, (LINE,)
    )


def refund(of: DemoReceipt, minutes: int = 60) -> DemoRefund:
    """All of it given back, so many minutes after the morning."""
    return DemoRefund(
        number=f"{of.number}R1",
        original_number=of.number,
        original_bought_wall=of.bought_wall,
        kind="full",
        household=of.household,
        shop=of.shop,
        mall=of.mall,
        refunded_wall=MORNING + timedelta(minutes=minutes),
        amount_minor=of.amount_minor,
        coupon_minor=of.coupon_minor,
        lines=of.lines,
    )
