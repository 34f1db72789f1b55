"""Holds, captures and releases of many tills at once, under locks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.spending.hold_requests import HoldTask, wanted_by
from services.points.storage.spending.hold_tasks import Answer, HoldWork, answer
from services.points.storage.spending.holds import look_at_holds, write_holds
from shared.db import driver


async def work_holds(
    session: AsyncSession, now: datetime, tasks: Sequence[HoldTask]
) -> list[Answer]:
    """An answer a task, in order, under locks. Raises `Collision`: do it again."""
    answers: dict[int, Answer] = {}
    connection = await driver(session)
    for program_id in sorted({task.program_id for task in tasks}):
        places = [i for i, task in enumerate(tasks) if task.program_id == program_id]
        mine = [tasks[i] for i in places]
        look = await look_at_holds(connection, program_id, now, wanted_by(mine), is_locking=True)
        work = HoldWork(now, look)
        for place in places:
            answers[place] = answer(work, tasks[place])
        if not work.write.is_empty:
            await write_holds(session, program_id, now, work.write)
    return [answers[i] for i in range(len(tasks))]
