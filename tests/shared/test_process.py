"""The tiny service as a real process."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import transaction
from shared.process import _last, run
from tests.support.bells import SERVICE
from tests.support.frame import create_topics, read_tally, until
from tests.support.service import DEPLOYMENT_KEY

ROOT = Path(__file__).parents[2]
Environment = Mapping[str, str]


@pytest.fixture
def environment(database_url: str) -> Environment:
    """Settings without a broker, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        "PATH": os.environ["PATH"],
        "BELLS_DATABASE_URL": database_url,
        "BELLS_DATABASE_POOL_SIZE": "4",
        "BELLS_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "BELLS_DEPLOYMENT_KEY": DEPLOYMENT_KEY,
        "BELLS_JWKS_URL": "http://127.0.0.1:1/jwks",
        "BELLS_PORT": str(port),
    }


async def start(environment: Environment, *words: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.bells",
        *words,
        cwd=ROOT,
        env=dict(environment),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )


async def ran(environment: Environment, *words: str) -> tuple[int | None, str, str]:
    """Exit code, standard output and standard error."""
    process = await start(environment, *words)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


@dataclass
class Running:
    """A process with its client."""

    process: Process
    client: httpx.AsyncClient

    async def ended(self) -> tuple[int | None, str]:
        """Exit code and log."""
        _, err = await asyncio.wait_for(self.process.communicate(), 60)
        return self.process.returncode, err.decode()


@asynccontextmanager
async def running(environment: Environment, *words: str) -> AsyncIterator[Running]:
    process = await start(environment, *words)
    address = f"http://127.0.0.1:{environment['BELLS_PORT']}"
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:

        async def is_up() -> bool:
            assert process.returncode is None, (await process.communicate())[1].decode()
            try:
                return (await client.get("/health/live")).status_code == 200
            except httpx.TransportError:
                return False

        try:
            await until(is_up, 60)
            yield Running(process, client)
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()


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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_all_roles_though_nothing_else_is_up(
    environment: Environment, number: signal.Signals
) -> None:
    async with running(environment, "api", "consumer", "relay", "jobs") as service:
        service.process.send_signal(number)
        code, err = await service.ended()
    assert code == 0, err


async def test_an_open_request_is_answered_before_the_process_goes(
    environment: Environment,
) -> None:
    async with running(environment, "api") as service:
        asked = asyncio.create_task(service.client.get("/v1/slow"))
        assert service.process.stdout is not None
        assert await service.process.stdout.readline() == b"slow\n"
        service.process.terminate()
        assert (await asked).json() == {"said": "at last"}
        assert (await service.ended())[0] == 0


async def test_workers_without_the_api_answer_probes(environment: Environment) -> None:
    async with running(environment, "jobs") as service:
        assert (await service.client.get("/health/ready")).status_code == 200
        assert "galleria_job_runs_total" in (await service.client.get("/metrics")).text
        assert (await service.client.post("/v1/strokes/1")).status_code == 404
        service.process.terminate()
        code, err = await service.ended()
    assert code == 0
    failed = [json.loads(line) for line in err.splitlines() if "job_failed" in line]
    assert failed[0]["job"] == "broken"


async def test_a_port_that_is_taken_ends_the_process(environment: Environment) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environment["BELLS_PORT"])))
        taken.listen()
        code, _, err = await ran(environment, "api", "jobs")
    assert code not in {0, None}
    assert "address already in use" in err


@pytest.fixture
async def with_kafka(
    environment: Environment, kafka_bootstrap: str, topic_prefix: str
) -> Environment:
    await create_topics(kafka_bootstrap, topic_prefix)
    return {
        **environment,
        "BELLS_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "BELLS_KAFKA_TOPIC_PREFIX": topic_prefix,
        "BELLS_DEAD_LETTERS_IN_A_ROW_MAX": "1",
        "POISON": "7",
    }


async def test_all_roles_in_one_process_tell_and_hear(
    with_kafka: Environment, engine: AsyncEngine
) -> None:
    async def heard() -> bool:
        return await read_tally(engine) == [("a", 1)]

    async with running(with_kafka, "api", "consumer", "relay", "jobs") as service:
        answer = await service.client.post("/v1/strokes/1")
        assert answer.status_code == 200
        await until(heard)
        service.process.terminate()
        assert (await service.ended())[0] == 0


async def test_one_role_that_fails_ends_the_process(with_kafka: Environment) -> None:
    async with running(with_kafka, "api", "consumer", "relay") as service:
        await service.client.post("/v1/strokes/7")
        code, err = await service.ended()
    assert code == 1
    assert "TooManyDeadLetters" in err


async def test_a_role_that_a_library_cancels_is_noticed() -> None:
    async def cancelled_from_within() -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    async def ended() -> None:
        return

    stop = asyncio.Event()
    for work in (cancelled_from_within, ended):
        with pytest.raises(RuntimeError, match="ended by itself"):
            await _last("relay", work(), stop)
    stop.set()
    await _last("relay", ended(), stop)


async def test_a_role_that_is_asked_to_end_ends() -> None:
    task = asyncio.create_task(_last("relay", asyncio.Event().wait(), asyncio.Event()))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_relay_that_has_news_and_tells_none_is_not_alive(environment: Environment) -> None:
    impatient = {**environment, "BELLS_RELAY_STUCK_SECONDS_MAX": "0.5"}
    async with running(impatient, "api", "relay") as bells:
        assert (await bells.client.post("/v1/strokes/1")).status_code == 200

        async def is_not_alive() -> bool:
            answer = await bells.client.get("/health/live")
            return answer.status_code == 503 and "the relay does not get on" in answer.text

        await until(is_not_alive, 30)
