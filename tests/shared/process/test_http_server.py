"""The server of a process, from its port to its last answer."""

import asyncio
import socket

from tests.support.bell_process import Environment, ran, running


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


async def test_a_port_that_is_taken_ends_the_process(environment: Environment) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environment["BELLS_PORT"])))
        taken.listen()
        code, _, err = await ran(environment, "api", "jobs")
    assert code not in {0, None}
    assert "address already in use" in err
