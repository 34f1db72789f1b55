"""Points that slide last as long as their member comes back."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from services.points.domain.expiry.expiry import ExpiryKind, ExpiryModel, end_of_day, expiry_of
from shared.db import driver, transaction
from tests.points.mall import Mall
from tests.points.nights import given, pass_night
from tests.points.spending import capture, held

DAY = timedelta(days=1)
SHANGHAI = "Asia/Shanghai"
ZONES = [
    SHANGHAI,
    "Europe/Berlin",
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "Asia/Beirut",
    "Australia/Lord_Howe",
]


async def ends(mall: Mall, member_id: UUID) -> list[datetime | None]:
    rows = await mall.rows(
        "SELECT expires_at FROM lot WHERE program_id = :p AND account_id = :a ORDER BY version",
        a=member_id,
    )
    return [row[0] for row in rows]


async def test_the_database_slides_to_the_same_instant_as_the_rules(mall: Mall) -> None:
    random = Random(20_261_122)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    cases = [
        (start + timedelta(minutes=random.randrange(60 * 24 * 3_650)), random.randrange(37), zone)
        for zone in ZONES
        for _ in range(200)
    ]
    wanted = [
        expiry_of(ExpiryModel(ExpiryKind.SLIDING, months), happened_at, zone)[0]
        for happened_at, months, zone in cases
    ]
    async with transaction(mall.engine) as session:
        rows = await (await driver(session)).fetch(
            "SELECT end_after_activity(a, m, z) FROM unnest($1::timestamptz[], $2::integer[], "
            "$3::text[]) WITH ORDINALITY AS c (a, m, z, n) ORDER BY n",
            *([case[place] for case in cases] for place in range(3)),
        )
    assert [row[0] for row in rows] == wanted


async def test_a_purchase_moves_the_end_of_sliding_points_and_of_no_others(mall: Mall) -> None:
    member_id, other = await mall.enrol(), await mall.enrol()
    fixed = mall.clock() + 30 * DAY
    await given(mall, member_id, 100, 30 * DAY, sliding_months=2)
    await given(mall, member_id, 10, 30 * DAY)
    await given(mall, other, 100, 30 * DAY, sliding_months=2)
    mall.clock.advance(days=10)
    await mall.sold(5_000, member_id=member_id)
    assert (await ends(mall, member_id))[:2] == [end_of_day(date(2026, 5, 20), SHANGHAI), fixed]
    assert await ends(mall, other) == [fixed]
    [change] = await mall.rows("SELECT kind, reason FROM lot_change WHERE program_id = :p")
    assert change[0] == "expiry_set"
    assert change[1]["rule"] == "sliding"


async def test_a_second_purchase_of_the_day_and_a_late_upload_move_nothing(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, 30 * DAY, sliding_months=2)
    mall.clock.advance(days=10)
    await mall.sold(5_000, member_id=member_id)
    moved = await ends(mall, member_id)
    await mall.sold(5_000, member_id=member_id)
    earlier = mall.clock() - 5 * DAY
    late = mall.sale(
        7_000,
        member_id=member_id,
        purchased_at=earlier.isoformat(),
        business_date=earlier.date().isoformat(),
    )
    assert (await mall.push(late)).status_code == 201
    assert (await ends(mall, member_id))[0] == moved[0]
    assert len(await mall.rows("SELECT 1 FROM lot_change WHERE program_id = :p")) == 1


async def test_a_purchase_that_earns_nothing_is_an_activity_too(mall: Mall) -> None:
    await mall.set_policy(categories={"fashion": {"points": 0, "per_minor": 100}})
    member_id = await mall.enrol()
    await given(mall, member_id, 100, 30 * DAY, sliding_months=2)
    await mall.sold(5_000, member_id=member_id)
    assert await ends(mall, member_id) == [end_of_day(date(2026, 5, 10), SHANGHAI)]


async def test_what_ended_before_the_purchase_stays_ended(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, DAY / 8, sliding_months=2)
    mall.clock.advance(days=1)
    await mall.sold(5_000, member_id=member_id)
    assert (await pass_night(mall, hours=1)).expired_points == 100
    assert await mall.balance(member_id) == 50


async def test_an_anonymous_receipt_that_is_claimed_counts_from_its_purchase(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, 30 * DAY, sliding_months=2)
    sale = await mall.sold(5_000)
    mall.clock.advance(days=9)
    names = ("shop_id", "till_id", "receipt_number", "business_date", "total_minor")
    answer = await mall.client.post(
        f"/v1/members/{member_id}/receipt-claims",
        json={name: sale[name] for name in names},
        headers=mall.staff(),
    )
    assert answer.status_code in (200, 201), answer.text
    assert (await ends(mall, member_id))[0] == end_of_day(date(2026, 5, 10), SHANGHAI)


async def test_points_of_a_sliding_policy_slide_with_sales_and_redemptions(mall: Mall) -> None:
    made = await mall.set_policy(expiry={"kind": "sliding", "months": 1})
    assert made.status_code == 201, made.text
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    assert await ends(mall, member_id) == [end_of_day(date(2026, 4, 10), SHANGHAI)]
    mall.clock.advance(days=5)
    await mall.sold(1_000, member_id=member_id)
    assert await ends(mall, member_id) == [end_of_day(date(2026, 4, 15), SHANGHAI)] * 2
    mall.clock.advance(days=5)
    hold_id = await held(mall, member_id, 30)
    assert await ends(mall, member_id) == [end_of_day(date(2026, 4, 15), SHANGHAI)] * 2
    assert (await capture(mall, hold_id)).status_code == 201
    assert await ends(mall, member_id) == [end_of_day(date(2026, 4, 20), SHANGHAI)] * 2
    assert (await pass_night(mall, days=32)).expired_points == 80
