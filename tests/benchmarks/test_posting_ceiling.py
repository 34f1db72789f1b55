"""The ceiling does the same work: as many rows, and books that hold."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.engines import with_connection
from benchmarks.full_policy import state_policy
from benchmarks.posting_ceiling import TABLES, Poster, Posting, read_batches, read_columns
from benchmarks.town import DEPLOYMENT_KEY, PATH, Town, hear
from services.points.api.app import build_app
from services.points.consumer import HANDLERS
from services.points.queries.invariants import check_invariants
from services.points.settings import PointsSettings
from shared.clock import utc_now
from shared.db import transaction
from tests.support.service import make_runtime, make_settings, open_client, open_engine

RECEIPTS = 30
COUNTS = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in TABLES)


@pytest.mark.parametrize("has_every_rule", [False, True])
def test_posting_by_hand_writes_as_many_rows_and_right_books(
    make_database: Callable[[str], str], has_every_rule: bool
) -> None:
    ours, by_hand = make_database("points"), make_database("points")
    town = Town(members=7)  # Fewer than receipts: an account is posted to more than once a batch.
    for url in (ours, by_hand):
        hear(url, HANDLERS, town.events())
        if has_every_rule:
            state_policy(url, town)
    with asyncio.Runner() as runner:
        runner.run(_push(ours, town))
        columns = with_connection(ours, read_columns)
        batches = with_connection(ours, lambda c: read_batches(c, columns, 0, RECEIPTS))
        posting = Posting(town.program_id, columns, has_every_rule=has_every_rule)
        poster = Poster(runner, by_hand, 1, posting)
        trial = poster.post(batches, {})
        poster.close()
        broken = runner.run(_broken(by_hand))
    assert trial.units == RECEIPTS
    assert _counts(by_hand) == _counts(ours)
    assert _counts(ours) == {"pos_transaction": 30, "posting": 30, "lot": 30, "outbox": 60}
    assert not any(broken.values()), broken


async def _push(url: str, town: Town) -> None:
    """One signed batch, by the bytes that the load generator would send."""
    head, _, body = town.batch_requests(1, RECEIPTS)[0].partition(b"\r\n\r\n")
    fields = (line.partition(": ") for line in head.decode().split("\r\n")[1:])
    headers = {name: value for name, _, value in fields}
    async with open_engine(url) as engine, open_client(_app(url, engine)) as client:
        answer = await client.post(f"{PATH}/batch", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.text.count('"result":"accepted"') == RECEIPTS, answer.text


def _app(url: str, engine: AsyncEngine) -> Any:
    settings = make_settings(PointsSettings, url, deployment_key=DEPLOYMENT_KEY)
    return build_app(make_runtime("points", settings, engine, utc_now, HANDLERS))


async def _broken(url: str) -> dict[str, int]:
    async with open_engine(url) as engine, transaction(engine) as session:
        return dict(await check_invariants(session))


def _counts(url: str) -> dict[str, int]:
    return dict(with_connection(url, lambda connection: connection.fetchrow(COUNTS)))
