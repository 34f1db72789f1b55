"""Asking for files: of members that there are, and not without end."""

import pytest

from services.points.domain.accounting.errors import TooManyExports
from services.points.domain.ledger.errors import MemberUnknown
from services.points.usecases.accounting.ask_export import OPEN_MAX, ask_export
from shared.db import transaction
from shared.ids import new_id
from tests.points.mall import Mall


async def test_a_statement_of_nobody_is_refused(mall: Mall) -> None:
    with pytest.raises(MemberUnknown):
        async with transaction(mall.engine) as session:
            await ask_export(
                session, mall.clock(), mall.program_id, new_id(), new_id(), (None, None), "x"
            )


async def test_too_many_open_files_are_refused(damaged_mall: Mall) -> None:
    mall = damaged_mall
    with pytest.raises(TooManyExports):
        async with transaction(mall.engine) as session:
            for _ in range(OPEN_MAX + 1):
                await ask_export(
                    session, mall.clock(), mall.program_id, new_id(), None, (None, None), "x"
                )
