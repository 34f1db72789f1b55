"""The fixtures that all other tests stand on."""

import asyncpg


async def test_the_run_has_a_postgresql_18(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        assert connection.get_server_version().major == 18
    finally:
        await connection.close()


def test_two_tests_never_share_a_topic(topic_prefix: str) -> None:
    assert topic_prefix.endswith(".")
