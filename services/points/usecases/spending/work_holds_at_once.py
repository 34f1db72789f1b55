"""Holds, captures and releases of many tills: look, decide and write, in two round trips."""

from collections.abc import Sequence
from datetime import datetime

from services.points.storage.receipts.directory import Rulebooks
from services.points.storage.spending.hold_requests import HoldTask, wanted_by
from services.points.storage.spending.hold_tasks import Answer, HoldWork, answer
from services.points.storage.spending.holds import look_at_holds, write_holds_at_once
from shared.db import Collision, Statements


async def work_holds_at_once(
    statements: Statements, now: datetime, rulebooks: Rulebooks, tasks: Sequence[HoldTask]
) -> list[Answer] | None:
    """An answer a task, or None when an account moved meanwhile: nothing is stored then."""
    program_id = tasks[0].program_id
    if any(task.program_id != program_id for task in tasks):
        return None
    wanted = wanted_by(tasks)
    look = await look_at_holds(
        statements, program_id, now, wanted, is_locking=False, rulebooks=rulebooks
    )
    work = HoldWork(now, look)
    answers = [answer(work, task) for task in tasks]
    if not work.write.is_empty:
        seen = [(account_id, look.row_versions[account_id]) for account_id in work.asked_of]
        try:
            await write_holds_at_once(statements, program_id, now, work.write, seen)
        except Collision:
            return None
    return answers
