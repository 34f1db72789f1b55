"""Nights of the little mall."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.points.usecases.expiry.begin_nights import begin_nights
from services.points.usecases.expiry.run_night import NightRules, run_night
from shared.db import transaction
from tests.points.mall import Mall

DAYS_30 = {"kind": "rolling_days", "days": 30}


@dataclass(frozen=True)
class Row:
    """A night as the books have it."""

    step: str
    activated: int
    released: int
    expired_accounts: int
    expired_points: int
    reminded: int


async def begin(mall: Mall) -> int:
    """The programme's nights of now begin."""
    async with transaction(mall.engine) as session:
        return await begin_nights(session, mall.clock(), mall.program_id)


async def step(mall: Mall, rules: NightRules | None = None) -> int:
    """One transaction of the night."""
    async with transaction(mall.engine) as session:
        return await run_night(session, mall.clock(), rules or NightRules(), mall.program_id)


async def pass_night(mall: Mall, rules: NightRules | None = None, **advance: float) -> Row:
    """Move on (a day unless told), and work the night to its end."""
    mall.clock.advance(**(advance or {"days": 1}))
    await begin(mall)
    while await step(mall, rules):
        pass
    return await last_night(mall)


async def last_night(mall: Mall) -> Row:
    """The latest night of the programme."""
    [found] = await mall.rows(
        "SELECT step, activated, released, expired_accounts, expired_points, reminded "
        "FROM night_run WHERE program_id = :p ORDER BY due_at DESC LIMIT 1"
    )
    return Row(*found)


async def end_lots(mall: Mall, member_id: UUID, ends_at: datetime | None) -> None:
    """All lots of the member end then."""
    await mall.execute(
        "UPDATE lot SET expires_at = :ends WHERE program_id = :p AND account_id = :a",
        a=member_id,
        ends=ends_at,
    )


async def given(
    mall: Mall, member_id: UUID, points: int, ends_in: timedelta | None, **columns: Any
) -> int:
    """Points in a lot of their own that ends so long from now; its version. `columns` of the lot
    are set besides."""
    answer = await mall.adjust(member_id, points, f"given-{next(mall.numbers)}")
    assert answer.status_code == 201, answer.text
    version = int(answer.json()["version"])
    columns["expires_at"] = None if ends_in is None else mall.clock() + ends_in
    await mall.execute(
        f"UPDATE lot SET {', '.join(f'{name} = :{name}' for name in columns)} "
        "WHERE program_id = :p AND account_id = :a AND version = :v",
        a=member_id,
        v=version,
        **columns,
    )
    if columns.get("state") == "pending":
        await mall.execute(
            "UPDATE account SET pending = pending + :n WHERE program_id = :p AND account_id = :a",
            n=points,
            a=member_id,
        )
    return version


async def lots(mall: Mall, member_id: UUID) -> list[int]:
    """What is left in each lot, oldest first."""
    rows = await mall.rows(
        "SELECT remaining FROM lot WHERE program_id = :p AND account_id = :a ORDER BY version",
        a=member_id,
    )
    return [row[0] for row in rows]
