"""A flow: prepared on a mall, it returns what is asked, of any process, as often as wanted."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from shared.db import transaction
from shared.errors import Unavailable
from tests.points.mall import Mall

Ask = Callable[[Mall], Awaitable[Any]]
Prepare = Callable[[Mall], Awaitable[Ask]]


@dataclass(frozen=True)
class Done:
    """What a job's step answers."""

    status_code: int
    text: str


def job(step: Callable[..., Awaitable[Any]]) -> Ask:
    """A job's step, until there is nothing left for it: it has no reply that could be lost."""

    async def work(mall: Mall) -> Done:
        try:
            while True:
                async with transaction(mall.engine) as session:
                    if not await step(session, mall.clock()):
                        return Done(200, "done")
        except Unavailable as error:
            return Done(503, str(error))

    return work
