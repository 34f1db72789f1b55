"""Windows and waves: everything goes out once, and nobody's receipts overtake each other."""

from collections import defaultdict
from datetime import timedelta

from demo.plan import BATCH_ITEMS_MAX, Batch, DemoTransaction, wall_of, waves, windows
from demo.receipts import EPOCH_WALL, DemoReceipt
from demo.refunds import DemoRefund, iter_pos_transactions
from tests.demo.samples import MORNING, OTHER_SHOP, refund, sale


def _numbers(planned: tuple[tuple[Batch, ...], ...]) -> list[list[list[str]]]:
    return [[[one.number for one in batch.transactions] for batch in wave] for wave in planned]


def test_every_receipt_goes_out_once_and_each_member_in_order() -> None:
    stream = list(iter_pos_transactions(month=3, members=300))
    sent: dict[int, list[DemoTransaction]] = defaultdict(list)
    for window in windows(iter(stream), EPOCH_WALL, timedelta(days=7)):
        for wave in window.waves:
            of_wave: dict[int, int] = {}
            assert len({batch.shop for batch in wave}) == len(wave)
            for batch in wave:
                assert len(batch.transactions) <= BATCH_ITEMS_MAX
                for one in batch.transactions:
                    assert one.shop == batch.shop
                    assert wall_of(one) < window.ends_wall
                    assert of_wave.setdefault(one.household, batch.shop) == batch.shop
                    sent[one.household].append(one)
    wanted: dict[int, list[DemoTransaction]] = defaultdict(list)
    for one in stream:
        wanted[one.household].append(one)
    assert sent == wanted


def test_a_longer_window_sends_fewer_requests_in_the_same_order() -> None:
    def sent(days: int) -> tuple[int, dict[int, list[str]]]:
        requests, numbers = 0, defaultdict(list)
        stream = iter_pos_transactions(month=3, members=100)
        for window in windows(stream, EPOCH_WALL, timedelta(days=days)):
            for wave in window.waves:
                requests += len(wave)
                for batch in wave:
                    for one in batch.transactions:
                        numbers[one.household].append(one.number)
        return requests, numbers

    (many, by_day), (few, by_fortnight) = sent(1), sent(14)
    assert by_day == by_fortnight
    assert few < many


def test_a_refund_never_goes_out_before_its_sale() -> None:
    seen: set[str] = set()
    refunds = 0
    stream = iter_pos_transactions(month=3, members=600)
    for window in windows(stream, EPOCH_WALL, timedelta(days=31)):
        for wave in window.waves:
            for batch in wave:
                for one in batch.transactions:
                    seen.add(one.number)
                    if isinstance(one, DemoRefund):
                        refunds += 1
                        assert one.original_number in seen
    assert refunds > 50


def test_receipts_of_one_member_at_one_shop_travel_together() -> None:
    planned = waves([sale("1"), sale("2", minutes=5), sale("3", household=2, minutes=6)])
    assert _numbers(planned) == [[["1", "2", "3"]]]


def test_a_receipt_at_another_shop_waits_for_the_one_before() -> None:
    planned = waves(
        [sale("1"), sale("2", shop=OTHER_SHOP), sale("3"), sale("4", household=2, shop=OTHER_SHOP)]
    )
    assert _numbers(planned) == [[["1"], ["4"]], [["2"]], [["3"]]]


def test_a_sale_does_not_follow_a_refund_in_one_batch() -> None:
    first = sale("1")
    planned = waves([first, refund(first), sale("2", minutes=90)])
    assert _numbers(planned) == [[["1", "1R1"]], [["2"]]]


def test_a_full_batch_is_followed_by_another_wave() -> None:
    many = [sale(str(n), household=n) for n in range(BATCH_ITEMS_MAX + 1)]
    planned = waves(many)
    assert [[len(batch.transactions) for batch in wave] for wave in planned] == [
        [BATCH_ITEMS_MAX],
        [1],
    ]


def test_a_quiet_time_makes_no_window() -> None:
    late = sale("2", minutes=3 * 24 * 60)
    found = list(windows(iter([sale("1"), late]), MORNING, timedelta(days=1)))
    assert [window.ends_wall for window in found] == [
        MORNING + timedelta(days=1),
        MORNING + timedelta(days=4),
    ]
    assert isinstance(found[1].waves[0][0].transactions[0], DemoReceipt)
