"""Roles that run, fail and end together."""

import asyncio
import json
import signal

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.process.roles import _last
from tests.support.bell_process import Environment, running
from tests.support.frame import read_tally, until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_all_roles_though_nothing_else_is_up(
    environment: Environment, number: signal.Signals
) -> None:
    async with running(environment, "api", "consumer", "relay", "jobs") as service:
        service.process.send_signal(number)
        code, err = await service.ended()
    assert code == 0, err


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
