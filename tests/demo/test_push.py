"""The shops' side, against a points that has its bad moments."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from demo.members import DemoMember
from demo.plan import Batch, DemoTransaction, Window
from demo.push import PATH, Pusher
from demo.stack import DemoProblem
from demo.tables import shops
from demo.tills import DemoTill, Printer
from demo.year import choose_year
from deploy.local.seed_data import TILL_IDS
from shared.auth import SignedRequest, Till, derive_till_secret, verify_till
from shared.ids import new_id
from tests.demo.samples import MORNING, OTHER_SHOP, refund, sale

DEPLOYMENT_KEY = "a key of forty characters, for tests only"
YEAR = choose_year(datetime.now(UTC))


@dataclass
class ScriptedPoints:
    """A points that answers by a script: 200, another status, or 0 to hang up."""

    script: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    message_ids: list[str] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        names = {name.lower(): value for name, value in handler.headers.items()}
        signed = SignedRequest("POST", handler.path, body, names)
        verify_till(DEPLOYMENT_KEY, signed, int(datetime.now(UTC).timestamp()), 300)
        self.bodies.append(body)
        self.message_ids.append(names["galleria-id"])
        status = self.script.pop(0) if self.script else 200
        if status == 0:
            handler.close_connection = True
            return
        results = [_accepted(item) for item in json.loads(body)["transactions"]]
        told = json.dumps({"results": results} if status == 200 else {"code": "try_later"}).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(told)))
        handler.end_headers()
        handler.wfile.write(told)


def _accepted(item: dict[str, Any]) -> dict[str, Any]:
    return {"result": "accepted", "status": "posted", "code": None, "for": item["receipt_number"]}


@contextmanager
def _points(script: list[int]) -> Iterator[tuple[ScriptedPoints, Pusher]]:
    counter = ScriptedPoints(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            assert self.path == PATH
            counter.answer(self)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    pusher = Pusher(f"http://127.0.0.1:{server.server_port}", _printer())
    try:
        yield counter, pusher
    finally:
        pusher.close()
        server.shutdown()
        server.server_close()
        serving.join()


def _printer() -> Printer:
    program_id = new_id()
    tills = {}
    for shop in shops()[:2]:
        shop_id = new_id()
        for till_id in TILL_IDS:
            secret = derive_till_secret(DEPLOYMENT_KEY, program_id, shop_id, till_id, 1)
            tills[shop.number, till_id] = DemoTill(Till(program_id, shop_id, till_id, 1), secret)
    return Printer(tills, {1: DemoMember(1, new_id(), "123456789012")}, YEAR)


def _window(*waves: tuple[tuple[DemoTransaction, ...], ...]) -> Window:
    planned = tuple(tuple(Batch(found[0].shop, found) for found in wave) for wave in waves)
    return Window(MORNING + timedelta(days=1), planned)


def test_signed_batches_arrive_and_every_answer_is_counted() -> None:
    first = sale("1")
    with _points([]) as (counter, pusher):
        list(pusher.push(_window(((first, refund(first)), (sale("2", shop=OTHER_SHOP),)))))
    assert pusher.tally.outcomes == {
        ("sale", "accepted", "posted"): 2,
        ("refund", "accepted", "posted"): 1,
    }
    assert (pusher.tally.requests, pusher.tally.repeats, len(counter.bodies)) == (2, 0, 2)


def test_a_503_and_a_lost_connection_are_met_with_the_same_body() -> None:
    with _points([503, 0, 200]) as (counter, pusher):
        list(pusher.push(_window(((sale("1"),),))))
    assert pusher.tally.count("sale", "accepted") == 1
    assert pusher.tally.repeats == 2
    assert len(set(counter.bodies)) == len(set(counter.message_ids)) == 1


def test_a_wave_waits_for_the_one_before() -> None:
    with _points([503, 503]) as (counter, pusher):
        list(pusher.push(_window(((sale("1"),),), ((sale("2", shop=OTHER_SHOP),),))))
    numbers = [json.loads(body)["transactions"][0]["receipt_number"] for body in counter.bodies]
    assert numbers == ["1", "1", "1", "2"]


def test_an_answer_that_repeating_cannot_help_ends_the_demo() -> None:
    with _points([401]) as (counter, pusher), pytest.raises(DemoProblem, match="401"):
        list(pusher.push(_window(((sale("1"),),))))
    assert len(counter.bodies) == 1
