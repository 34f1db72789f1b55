"""The year as the reader gives it: the stated facts, the order, the subsets, the shift."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import islice, pairwise

import pytest

from demo.receipts import (
    LAST_DAY,
    DemoReceipt,
    count_receipts,
    households,
    iter_receipts,
    shift_for,
    shops_with_receipts,
)
from demo.tables import brands, categories, shops

MARCH = 3


class Year:
    """What one pass over the whole year counted."""

    def __init__(self) -> None:
        self.receipts_of_shop: Counter[int] = Counter()
        self.receipts_of_household: Counter[int] = Counter()
        self.lines_of_category: Counter[str] = Counter()
        self.lines_of_brand: Counter[str] = Counter()
        self.figures: Counter[str] = Counter()
        self.keys: list[tuple[datetime, int]] = []
        for receipt in iter_receipts():
            self.add(receipt)

    def add(self, receipt: DemoReceipt) -> None:
        self.receipts_of_shop[receipt.shop] += 1
        self.receipts_of_household[receipt.household] += 1
        self.keys.append((receipt.bought_wall, int(receipt.number)))
        figures = self.figures
        figures["zero totals"] += receipt.amount_minor == 0
        figures["most lines"] = max(figures["most lines"], len(receipt.lines))
        figures["coupons over the total"] += receipt.coupon_minor > receipt.amount_minor
        for line in receipt.lines:
            self.lines_of_category[line.category] += 1
            self.lines_of_brand[line.brand] += 1
            figures["lines"] += 1
            figures["amount_minor"] += line.amount_minor
            figures["discount_minor"] += line.discount_minor
            figures["zero amounts"] += line.amount_minor == 0
            figures["zero quantities"] += line.quantity == 0


@pytest.fixture(scope="module")
def year() -> Year:
    return Year()


def test_the_year_has_all_receipts_households_and_shops(year: Year) -> None:
    assert len(year.keys) == count_receipts() == 155_848
    assert len({number for _, number in year.keys}) == 155_848
    assert len(year.receipts_of_household) == 2_469
    assert len(year.receipts_of_shop) == 457


def test_the_odd_but_legal_lines_are_all_there(year: Year) -> None:
    # The source writes 11,226 amounts as 0; 20 more are residues of float sums, below a millionth
    # of a cent, and so 0 in minor units too.
    assert year.figures["zero amounts"] == 11_226 + 20
    assert year.figures["zero quantities"] == 8_869
    assert year.figures["zero totals"] == 478
    assert year.figures["most lines"] == 161
    assert year.figures["lines"] == 1_469_307


def test_amounts_and_discounts_add_up_to_the_sources(year: Year) -> None:
    assert year.figures["amount_minor"] == 459_603_958
    assert year.figures["discount_minor"] == 79_619_329
    assert year.figures["coupons over the total"] == 0


def test_receipts_come_in_time_order_within_the_malls_year(year: Year) -> None:
    assert year.keys == sorted(year.keys)
    assert year.keys[0][0] == datetime.fromisoformat("2017-01-01T06:53:26")
    assert year.keys[-1][0] == datetime.fromisoformat("2017-12-31T23:01:20")


def test_malls_are_busy_in_the_afternoon_and_quiet_at_night(year: Year) -> None:
    by_hour = Counter(bought_wall.hour for bought_wall, _ in year.keys)
    assert by_hour.most_common(1)[0][0] == 17
    assert sum(by_hour[hour] for hour in range(6)) < 0.025 * by_hour.total()
    by_weekday = Counter(bought_wall.isoweekday() for bought_wall, _ in year.keys)
    assert {weekday for weekday, _ in by_weekday.most_common(2)} == {6, 7}


def test_every_line_has_a_known_category_and_brand_and_all_are_used(year: Year) -> None:
    assert set(year.lines_of_category) == {category.code for category in categories()}
    assert set(year.lines_of_brand) == {brand.code for brand in brands()}


def test_each_shop_has_the_receipts_its_table_says(year: Year) -> None:
    assert year.receipts_of_shop == {shop.number: shop.receipts for shop in shops()}


def test_each_household_knows_its_first_purchase(year: Year) -> None:
    assert year.receipts_of_household == {each.number: each.receipts for each in households()}
    first: dict[int, datetime] = {}
    for receipt in iter_receipts(members=25):
        first.setdefault(receipt.household, receipt.bought_wall)
    assert first == {each.number: each.first_bought_wall for each in households()[:25]}


def test_a_month_is_the_receipts_of_that_month_and_the_months_make_the_year() -> None:
    march = list(iter_receipts(month=MARCH))
    assert {receipt.bought_wall.month for receipt in march} == {MARCH}
    assert sum(count_receipts(month=month) for month in range(1, 13)) == 155_848


def test_fewer_members_are_a_subset_with_the_very_same_receipts() -> None:
    march = {receipt.number: receipt for receipt in iter_receipts(month=MARCH)}
    forty = {receipt.number: receipt for receipt in iter_receipts(month=MARCH, members=40)}
    ten = {receipt.number: receipt for receipt in iter_receipts(month=MARCH, members=10)}
    assert 0 < len(ten) < len(forty) < len(march)
    assert ten.items() <= forty.items() <= march.items()
    assert {receipt.household for receipt in forty.values()} <= {
        h.number for h in households()[:40]
    }
    assert list(iter_receipts(month=MARCH, members=0)) == []
    assert count_receipts(members=1_000_000) == 155_848


@pytest.mark.parametrize(("month", "members"), [(0, None), (13, None), (None, -1)])
def test_a_month_or_number_that_cannot_be_is_refused(
    month: int | None, members: int | None
) -> None:
    with pytest.raises(ValueError, match=r"month|members"):
        next(iter_receipts(month, members))


def test_lines_are_numbered_from_one_and_sum_to_the_receipt() -> None:
    for receipt in islice(iter_receipts(), 1_000):
        assert [line.number for line in receipt.lines] == list(range(1, len(receipt.lines) + 1))
        assert receipt.amount_minor == sum(line.amount_minor for line in receipt.lines)


def test_the_shifted_year_ends_by_yesterday_and_within_the_week_before_on_any_day() -> None:
    for days in range(-800, 8_000, 1):
        today = date(2018, 1, 1) + timedelta(days=days)
        shift = shift_for(today)
        assert shift % timedelta(weeks=1) == timedelta()
        assert today - timedelta(days=7) <= LAST_DAY + shift <= today - timedelta(days=1)


def test_the_year_ends_yesterday_itself_on_a_monday() -> None:
    assert LAST_DAY + shift_for(date(2026, 11, 23)) == date(2026, 11, 22)
    assert LAST_DAY + shift_for(date(2026, 11, 22)) == date(2026, 11, 15)
    assert shift_for(date(2018, 1, 1)) == timedelta()


def test_the_shift_never_goes_back_as_days_pass() -> None:
    shifts = [shift_for(date(2026, 1, 1) + timedelta(days=days)) for days in range(60)]
    assert all(earlier <= later for earlier, later in pairwise(shifts))


def test_the_shops_of_a_subset_are_those_on_its_receipts() -> None:
    assert shops_with_receipts() == [shop.number for shop in shops()]
    receipts = iter_receipts(MARCH, members=20)
    assert shops_with_receipts(MARCH, members=20) == sorted({one.shop for one in receipts})
