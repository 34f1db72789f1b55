"""What starts all parts of the stack in order, and keeps each of them running.

Each part has a thread that waits for it to end and starts it again, after a pause that grows if it
keeps dying. When a part comes back on another port, those that were told the old one are started
anew.
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from signal import SIGKILL, SIGTERM, Signals
from typing import Any

from deploy.local import kafka, postgres, processes
from deploy.local.addresses import Addresses, describe_stack, service_environment
from deploy.local.board import Board
from deploy.local.files import write_json
from deploy.local.keep import read_ports, read_secrets
from deploy.local.layout import ENGINES, PARTS, SERVICES, Layout
from deploy.local.marks import check_key, mark, read_marks, schema_digest
from deploy.local.parts import Running, answers, run_tool, start_service
from deploy.local.ports import choose_port
from deploy.local.problem import StackProblem
from deploy.local.program import open_program
from deploy.local.together import together

BACK_OFF_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
CALM_SECONDS = 60.0  # Whoever ran this long does not "keep dying".
POLL_SECONDS = 0.5
HEALTH_CHECK_SECONDS = 10.0
UNHEALTHY_CHECKS_MAX = 6
SERVICE_STOP_SIGNALS = ((SIGTERM, 25.0), (SIGKILL, 10.0))
STOP_SIGNALS: dict[str, Sequence[tuple[Signals, float]]] = {
    "postgres": postgres.STOP_SIGNALS,
    "kafka": kafka.STOP_SIGNALS,
}
JOIN_SECONDS_MAX = 150.0


class Supervisor:
    """One running stack. `start` brings it up or raises StackProblem; `stop` takes it down."""

    def __init__(self, layout: Layout, say: Callable[[str], None]) -> None:
        self.layout = layout
        self.say = say
        self.board = Board(layout)
        self.addresses = Addresses()
        self.secrets: dict[str, Any] = read_secrets(layout)
        self.stopping = threading.Event()
        self._ports = read_ports(layout)
        self.seeded: dict[str, Any] | None = None
        self._running: dict[str, Running] = {}
        self._outdated: set[str] = set()
        self._lock = threading.Lock()
        self._keepers: list[threading.Thread] = []

    def start(self) -> None:
        """All parts, engines first; returns when every one is ready."""
        for service in SERVICES:
            self._choose_port(service)
        together({"postgres": self._start_postgres, "kafka": self._start_kafka})
        if not self.stopping.is_set():
            together({service: partial(self._launch, service) for service in SERVICES})
        for part in PARTS:
            keeper = threading.Thread(target=self._keep, args=(part,), name=part, daemon=True)
            keeper.start()
            self._keepers.append(keeper)

    def stop(self) -> None:
        """Services first, then Kafka, then PostgreSQL; in good order, by force if one hangs."""
        self.stopping.set()
        self.layout.stack_file.unlink(missing_ok=True)
        for keeper in self._keepers:
            keeper.join(JOIN_SECONDS_MAX)
        # Engines go last: a service that drains still commits and still publishes.
        together({service: partial(self._end, service) for service in SERVICES})
        for engine in reversed(ENGINES):
            self._end(engine)

    def publish(self, seeded: dict[str, Any]) -> None:
        """Write `stack.json`; done again whenever a part comes back on another port."""
        self.seeded = seeded
        write_json(self.layout.stack_file, describe_stack(self.addresses, self.secrets, seeded))

    def _start_postgres(self) -> None:
        self._launch("postgres")
        check_key(self.layout, self.secrets["deployment_key"])
        digest = schema_digest()
        if read_marks(self.layout).get("schema") != digest:
            self.say("migrating the databases")
            passwords = self.secrets["database_passwords"]
            told = {"admin_url": self.addresses.postgres_url, "passwords": passwords}
            run_tool("deploy.local.databases", stdin=json.dumps(told))
            mark(self.layout, schema=digest)
        open_program(self.layout, self.addresses, self.secrets)

    def _start_kafka(self) -> None:
        self._launch("kafka")
        bootstrap = self.addresses.kafka_bootstrap
        for line in run_tool("deploy.kafka.apply_topics", "--bootstrap", bootstrap):
            self.say(line)

    def _launch(self, part: str) -> None:
        self.board.note(part, status="starting")
        self.say(f"starting {part}")
        before = self.addresses.ports.get(part)
        running = self._start_part(part)
        self._remember_port(part, running.port)
        self._running[part] = running
        self.board.note(part, status="running", pid=running.process.pid, port=running.port)
        self.say(f"{part} is ready on port {running.port}")
        if before not in (None, running.port):
            self._tell_others(part)

    def _tell_others(self, part: str) -> None:
        """The part came back elsewhere: those that know its old address start again."""
        if part in (*ENGINES, "membership"):
            self._outdated.update(service for service in SERVICES if service != part)
        if self.seeded is not None:
            self.publish(self.seeded)

    def _start_part(self, part: str) -> Running:
        data = self.layout.data(part)
        if part == "postgres":
            database = postgres.start_postgres(data, self._ports[part], say=self.say)
            self.addresses.postgres_url = database.url
            return Running(database.process, database.port)
        if part == "kafka":
            controller_port = self._ports["kafka_controller"]
            broker = kafka.start_kafka(data, self._ports[part], controller_port, say=self.say)
            self.addresses.kafka_bootstrap = broker.bootstrap_servers
            return Running(broker.process, broker.port)
        port = self._choose_port(part)
        self._outdated.discard(part)
        environment = service_environment(part, self.addresses, self.secrets)
        return start_service(part, environment, port, self.layout)

    def _choose_port(self, service: str) -> int:
        with self._lock:
            taken = {port for name, port in self.addresses.ports.items() if name != service}
            port = choose_port(self._ports[service], service, self.say, taken)
            self.addresses.ports[service] = port
        return port

    def _remember_port(self, part: str, port: int) -> None:
        with self._lock:
            self.addresses.ports[part] = self._ports[part] = port
            write_json(self.layout.ports_file, self._ports)

    def _keep(self, part: str) -> None:
        """Until the stack stops: wait for the part's end, say why, pause, start it again."""
        died_in_a_row = 0
        while not self.stopping.is_set():
            began = time.monotonic()
            reason = self._watch(part)
            if reason is None:
                return
            calm = time.monotonic() - began > CALM_SECONDS
            died_in_a_row = 1 if calm else died_in_a_row + 1
            pause = BACK_OFF_SECONDS[min(died_in_a_row, len(BACK_OFF_SECONDS)) - 1]
            self.say(f"{part} {reason}; starting it again in {pause:.0f} s")
            self.board.ended(part, reason)
            if not self.stopping.wait(pause):
                self._launch_again(part)

    def _launch_again(self, part: str) -> None:
        try:
            self._launch(part)
        except (StackProblem, OSError) as problem:
            # Its process is gone: the next look finds that, and pauses longer.
            self.say(f"{part} could not be started: {problem}")

    def _watch(self, part: str) -> str | None:
        """Why the part has to be started again; None when the stack stops."""
        running = self._running[part]
        next_check = time.monotonic() + HEALTH_CHECK_SECONDS
        failed_checks = 0
        while not self.stopping.wait(POLL_SECONDS):
            if (code := running.process.poll()) is not None:
                return f"died ({describe_exit(code)})"
            if part in self._outdated:
                self._end(part)
                return "has to learn an address that changed"
            if part in SERVICES and time.monotonic() >= next_check:
                failed_checks = 0 if answers(running.port, "/health/live") else failed_checks + 1
                next_check = time.monotonic() + HEALTH_CHECK_SECONDS
            if failed_checks >= UNHEALTHY_CHECKS_MAX:
                self._end(part)
                return "did not get on for a minute and was stopped"
        return None

    def _end(self, part: str) -> None:
        running = self._running.get(part)
        if running is None or running.process.poll() is not None:
            return
        self.say(f"stopping {part}")
        processes.end(running.process.pid, STOP_SIGNALS.get(part, SERVICE_STOP_SIGNALS))
        running.process.wait(10)
        self.board.note(part, status="stopped", pid=None)


def describe_exit(code: int) -> str:
    """A process's return code in words."""
    return f"killed by {Signals(-code).name}" if code < 0 else f"exit code {code}"
