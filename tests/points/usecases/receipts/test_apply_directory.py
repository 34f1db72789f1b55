"""The directory's newer words win, in any order."""

from typing import Any

from tests.points.mall import Mall


async def test_an_older_word_about_a_shop_changes_nothing(mall: Mall) -> None:
    await mall.open_shop(currency="USD", revision=3)
    await mall.open_shop(currency="EUR", revision=2)
    assert (await mall.push(mall.sale(100, currency="USD"))).status_code == 201
    answer = await mall.push(mall.sale(100, currency="EUR"))
    assert (answer.status_code, answer.json()["code"]) == (422, "currency_mismatch")


async def test_a_shop_that_closes_sells_no_more(mall: Mall) -> None:
    await mall.open_shop(is_open=False, revision=2)
    answer = await mall.push(mall.sale(100))
    assert (answer.status_code, answer.json()["code"]) == (422, "shop_closed")


async def test_an_older_word_about_a_till_changes_nothing(mall: Mall) -> None:
    off: dict[str, Any] = {"is_active": False, "revision": 3}
    await mall.hear(mall.till_event(**off), mall.till_event(revision=2))
    answer = await mall.push(mall.sale(100))
    assert (answer.status_code, answer.json()["code"]) == (403, "till_inactive")
    await mall.hear(mall.till_event(revision=4))
    assert (await mall.push(mall.sale(100))).status_code == 201
