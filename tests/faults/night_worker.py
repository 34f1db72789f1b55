"""A process that works the night of a database, a step a line, until it is done or killed."""

import asyncio
import sys
from datetime import datetime

from services.points.usecases.expiry.begin_nights import begin_nights
from services.points.usecases.expiry.run_night import NightRules, run_night
from shared.db import create_engine, transaction


async def work(database_url: str, now: datetime, chunk_accounts: int) -> None:
    """Begin the night of `now`, and do all of it."""
    engine = create_engine(database_url, 1)
    rules = NightRules(chunk_accounts)
    try:
        async with transaction(engine) as session:
            await begin_nights(session, now)
        done = 1
        while done:
            async with transaction(engine) as session:
                done = await run_night(session, now, rules)
            print(done, flush=True)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    url, instant, accounts = sys.argv[1:]
    asyncio.run(work(url, datetime.fromisoformat(instant), int(accounts)))
