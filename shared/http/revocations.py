"""Has the process refuse tokens soon after they were revoked, without asking for each request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.auth import read_revoked
from shared.clock import sleep_unless
from shared.db import transaction
from shared.errors import Unavailable
from shared.http.depends import Runtime
from shared.logs import get_log

log = get_log()


@asynccontextmanager
async def follow_revocations(runtime: Runtime) -> AsyncIterator[None]:
    """Within the block the verifier knows what is revoked, as the database says it.

    Until that was read once no token is good; when it cannot be read again, what was read counts.
    """
    stop = asyncio.Event()
    runtime.verifier.put_revoked(None)
    await _look(runtime)
    following = asyncio.create_task(_follow(runtime, stop), name="revocations")
    try:
        yield
    finally:
        stop.set()
        await following


async def _follow(runtime: Runtime, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await sleep_unless(stop, runtime.settings.revocations_poll_seconds)
        await _look(runtime)


async def _look(runtime: Runtime) -> None:
    since = runtime.clock() - runtime.settings.token_lifetime_max
    try:
        async with transaction(runtime.engine) as session:
            revoked = await read_revoked(session, since)
    except Unavailable as error:  # Also when only the end of reading was lost.
        log.warning("revocations_not_read", error=repr(error))
    else:
        runtime.verifier.put_revoked(revoked)
