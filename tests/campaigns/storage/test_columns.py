"""Rows by column, as `unnest` is given them."""

from services.campaigns.storage.columns import columns_of
from shared.db import driver, transaction
from tests.campaigns.world import World


async def test_what_no_row_has_is_not_sent_and_reads_as_null(world: World) -> None:
    rows = [(1, None, None), (2, None, 7)]
    columns = columns_of(rows)
    assert columns == [[1, 2], [], [None, 7]]
    async with transaction(world.engine) as session:
        found = await (await driver(session)).fetch(
            "SELECT * FROM unnest($1::int[], $2::int[], $3::int[])", *columns
        )
    assert [tuple(row) for row in found] == rows
