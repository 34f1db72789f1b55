"""Sends the batches as the shops' tills would: signed, several at once, again when told to wait."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from demo.plan import Batch, DemoTransaction, Window
from demo.receipts import DemoReceipt
from demo.stack import DemoProblem
from demo.tills import DemoTill, Printer, till_of
from shared.auth import till_headers
from shared.ids import new_id

PATH = "/v1/pos-transactions/batch"
SENDERS = 16
PATIENCE_SECONDS = 120.0  # for one request: a part that died is back long before
ANSWER_SECONDS_MAX = 60.0
PAUSE_SECONDS = (0.1, 0.5, 1.0, 2.0)
SAMPLES_MAX = 5

# sale or refund; accepted, duplicate, conflict or rejected; its status or the code of its refusal
Outcome = tuple[str, str, str]


@dataclass(slots=True)
class Tally:
    """What became of everything sent. `samples` are some of the refusals in full."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    requests: int = 0
    repeats: int = 0
    samples: list[dict[str, Any]] = field(default_factory=list)

    def count(self, kind: str | None = None, result: str | None = None) -> int:
        """How many of this kind had this result; None is any."""
        return sum(
            number
            for (of_kind, of_result, _), number in self.outcomes.items()
            if kind in (None, of_kind) and result in (None, of_result)
        )

    @property
    def refused(self) -> int:
        """How many were neither accepted nor known already."""
        return self.count() - self.count(result="accepted") - self.count(result="duplicate")

    def add(self, transaction: DemoTransaction, result: dict[str, Any]) -> None:
        """Count one answer."""
        kind = "sale" if isinstance(transaction, DemoReceipt) else "refund"
        why = result["code"] or result["status"] or ""
        self.outcomes[kind, result["result"], why] += 1
        if result["code"] and len(self.samples) < SAMPLES_MAX:
            self.samples.append({"receipt_number": transaction.number, **result})


class Pusher:
    """The shops' side: a few senders, each with a connection that it keeps."""

    def __init__(self, points_url: str, printer: Printer) -> None:
        self._address = urlsplit(points_url)
        self._printer = printer
        self._pool = ThreadPoolExecutor(SENDERS, "till")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._connections: list[http.client.HTTPConnection] = []
        self.tally = Tally()

    def push(self, window: Window) -> Iterator[None]:
        """Send the waves one after the other; comes back after each."""
        for wave in window.waves:
            for batch, results in zip(wave, self._pool.map(self._send, wave), strict=True):
                for transaction, result in zip(batch.transactions, results, strict=True):
                    self.tally.add(transaction, result)
            yield

    def close(self) -> None:
        """Wait for the senders to end, and hang up."""
        self._pool.shutdown(cancel_futures=True)
        for connection in self._connections:
            connection.close()

    def _send(self, batch: Batch) -> Sequence[dict[str, Any]]:
        """The answers, one a transaction. The same body is sent until it is answered."""
        printed = [self._printer.body_of(transaction) for transaction in batch.transactions]
        body = json.dumps({"transactions": printed}, separators=(",", ":")).encode()
        # The shop's receipts go out through the till that rang up the first of them.
        till = self._printer.tills[batch.shop, till_of(batch.transactions[0].number)]
        message_id = str(new_id())
        began = time.monotonic()
        for attempt in count():
            status, answer = self._post(till, message_id, body)
            with self._lock:
                self.tally.requests += 1
                self.tally.repeats += attempt > 0
            if status == 200:
                results: list[dict[str, Any]] = json.loads(answer)["results"]
                return results
            if status not in (0, 503) or time.monotonic() - began > PATIENCE_SECONDS:
                break
            time.sleep(PAUSE_SECONDS[min(attempt, len(PAUSE_SECONDS) - 1)])
        said = answer[:500].decode(errors="replace")
        raise DemoProblem(
            f"shop {batch.shop}'s batch was answered {status or 'not at all'}: {said}"
        )

    def _post(self, till: DemoTill, message_id: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer; status 0 when the connection was lost."""
        headers = till_headers(till.secret, till.till, message_id, int(time.time()), PATH, body) | {
            "Content-Type": "application/json"
        }
        connection = self._connection()
        try:
            connection.request("POST", PATH, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return 0, repr(error).encode()

    def _connection(self) -> http.client.HTTPConnection:
        kept: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if kept is None:
            kept = http.client.HTTPConnection(
                str(self._address.hostname), self._address.port, timeout=ANSWER_SECONDS_MAX
            )
            self._own.connection = kept
            self._connections.append(kept)
        return kept
