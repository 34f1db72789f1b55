"""What the words of the command line do."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import transaction
from shared.process import run
from tests.support.bell_process import Environment, ran
from tests.support.bells import SERVICE


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dance"],
        ["api", "dance"],
        ["replay"],
        ["replay", "--since", "yesterday"],
        ["replay", "--since", "2026-01-31T00:00:00"],
    ],
)
def test_words_that_say_nothing_are_answered_with_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(SERVICE, words) == 2
    usage = capsys.readouterr().err
    assert usage.startswith("usage: python -m services.bells api|consumer|relay|jobs … | migrate")


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(SERVICE, ["--help"]) == 0
    assert "| say | announce" in capsys.readouterr().out


async def test_a_command_of_the_service_gets_its_words(environment: Environment) -> None:
    assert (await ran(environment, "say", "ding", "dong"))[:2] == (0, "ding dong\n")


async def test_wrong_settings_are_named_and_their_values_are_not(environment: Environment) -> None:
    wrong = {**environment, "BELLS_DEPLOYMENT_KEY": "hush", "BELLS_PORT": "99999"}
    del wrong["BELLS_DATABASE_URL"]
    code, _, err = await ran(wrong, "api")
    assert code == 2
    names = {line.split(":")[0] for line in err.splitlines()}
    assert names == {"BELLS_DEPLOYMENT_KEY", "BELLS_PORT", "BELLS_DATABASE_URL"}
    assert "hush" not in err


async def test_a_replay_and_an_announcement_say_how_much_they_did(
    environment: Environment, engine: AsyncEngine
) -> None:
    code, out, _ = await ran(environment, "announce")
    assert (code, out) == (0, "1 events wait for the relay\n")
    async with transaction(engine) as session:
        await session.execute(text("UPDATE outbox_batch SET published_at = now()"))
    code, out, _ = await ran(environment, "replay", "--since", "2026-01-31T00:00:00+08:00")
    assert (code, out) == (0, "1 events will be sent again by the relay\n")
