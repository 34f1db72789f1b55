"""A process that works the night of a database, a line a step, until it is done or killed."""

import asyncio
import sys
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.points.usecases.expiry.begin_nights import begin_nights
from services.points.usecases.expiry.run_night import NightRules, run_night
from shared.db import create_engine, transaction
from shared.schedule import Job, work_off


async def work(database_url: str, now: datetime, chunk_accounts: int, connections: int = 1) -> None:
    """Begin the night of `now`, and do all of it, as the jobs role would."""
    engine = create_engine(database_url, connections)
    rules = NightRules(chunk_accounts)

    async def step(session: AsyncSession, now: datetime) -> int:
        done = await run_night(session, now, rules)
        print(done, flush=True)  # Before COMMIT: who kills us now may hit that too.
        return done

    night = Job("night", timedelta(0), step, once_a_period=False, workers=connections)
    try:
        async with transaction(engine) as session:
            await begin_nights(session, now)
        # Who finds a chunk held by somebody who was killed just now comes again.
        while not await is_over(engine):
            await work_off(engine, night, lambda: now, asyncio.Event())
    finally:
        await engine.dispose()


async def is_over(engine: AsyncEngine) -> bool:
    """Whether all nights are done."""
    async with transaction(engine) as session:
        query = text("SELECT NOT EXISTS (SELECT FROM night_run WHERE finished_at IS NULL)")
        return bool(await session.scalar(query))


if __name__ == "__main__":
    url, instant, accounts, connections = sys.argv[1:]
    # Processes start at their own pace; they begin together when somebody says so.
    print("ready", flush=True)
    sys.stdin.readline()
    asyncio.run(work(url, datetime.fromisoformat(instant), int(accounts), int(connections)))
