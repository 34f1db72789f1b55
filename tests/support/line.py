"""The whole line for tests that break it: engines of its own, the four services as processes."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from deploy.kafka.apply_topics import apply_topics
from deploy.local.parts import run_tool
from deploy.local.ports import choose_port
from shared.auth import Till, derive_till_secret
from tests.support.engines import FOLDER_VARIABLE, OwnKafka, OwnPostgres
from tests.support.frame import until

ROOT = Path(__file__).parents[2]
DEPLOYMENT_KEY = "faults-deployment-key-that-is-long-enough"
SERVICES = ("membership", "points", "campaigns", "notifications")
# Points has each role in a process of its own: these are the ones that are killed.
PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "membership": ("membership", ("api", "consumer", "relay", "jobs")),
    "points-api": ("points", ("api",)),
    "points-consumer": ("points", ("consumer", "jobs")),
    "points-relay": ("points", ("relay",)),
    "campaigns": ("campaigns", ("api", "consumer", "relay", "jobs")),
    "notifications": ("notifications", ("api", "consumer", "relay", "jobs")),
}
SHOPS = 3
TOKEN_HOURS = 4  # A long run outlives a token of minutes.


@dataclass
class Part:
    """One process of the line."""

    name: str
    port: int
    environment: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; see `ready`."""
        service, roles = PARTS[self.name.split("#")[0]]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", f"services.{service}", *roles],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def assert_running(self) -> None:
        """Fail with the end of its log when it ended by itself: nobody would start it again."""
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended: {self.log.read_text()[-3000:]}")

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        exit_code = self.process.wait(30)
        self.process = None
        return exit_code

    async def ready(self) -> None:
        """Wait until it answers."""

        async def answers() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            try:
                async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
                    return (await client.get(f"{self.url}/health/ready")).status_code == 200
            except httpx.HTTPError:
                return False

        await until(answers, 60)


@dataclass
class Line:
    """Engines, databases and processes; one programme with shops and a till each."""

    postgres: OwnPostgres
    kafka: OwnKafka
    folder: Path
    databases: dict[str, str] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    program_id: UUID = field(default_factory=lambda: UUID(int=0))
    token: str = ""
    shop_ids: list[UUID] = field(default_factory=list)

    def environment(self, service: str, port: int) -> dict[str, str]:
        """The settings of a process of the service."""
        values = {
            "DATABASE_URL": self.databases[service],
            "DATABASE_POOL_SIZE": "5",
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap,
            "PORT": str(port),
            "DEPLOYMENT_KEY": DEPLOYMENT_KEY,
            "TOKEN_SECONDS_MAX": str(TOKEN_HOURS * 3_600),
            "JWKS_URL": f"{self.parts['membership'].url}/.well-known/jwks.json",
        }
        return {f"{service.upper()}_{name}": value for name, value in values.items()}

    def add_part(self, name: str) -> Part:
        """Another process; `points-relay#2` is a second one of its kind."""
        port = choose_port(None, name, lambda _: None, {p.port for p in self.parts.values()})
        part = Part(name, port, {}, self.folder / f"{name}.log")
        self.parts[name] = part
        part.environment = self.environment(PARTS[name.split("#")[0]][0], port)
        return part

    @property
    def headers(self) -> dict[str, str]:
        """The administrator's."""
        return {"Authorization": f"Bearer {self.token}"}

    def till(self, shop: int) -> tuple[Till, str]:
        """The shop's till and its secret."""
        shop_id = self.shop_ids[shop]
        secret = derive_till_secret(DEPLOYMENT_KEY, self.program_id, shop_id, "T1", 1)
        return Till(self.program_id, shop_id, "T1", 1), secret

    def issue_token(self, client_id: str) -> str:
        """A token of hours, for a client of staff."""
        issued = run_tool(
            "services.membership",
            *("issue-token", "--client-id", client_id, "--hours", str(TOKEN_HOURS)),
            environment=self.environment("membership", 1),
        )
        return issued[-1]

    async def ask(self, part: str, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """A request by the administrator; asserts success and returns the document."""
        headers = {**self.headers, "Idempotency-Key": key or f"{method} {path}"}
        async with httpx.AsyncClient(
            base_url=self.parts[part].url, headers=headers, timeout=30, trust_env=False
        ) as client:
            answer = await client.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()


@contextmanager
def module_line(setup: Callable[[Line], Coroutine[Any, Any, None]]) -> Iterator[Line]:
    """A line for a fixture of a whole file; `setup` is run on it once."""
    folder = Path(tempfile.mkdtemp(prefix="galleria-line-", dir=os.environ.get(FOLDER_VARIABLE)))
    folder.chmod(0o711)  # PostgreSQL's account passes through.
    with asyncio.Runner() as runner:
        opened = open_line(folder)
        line = runner.run(opened.__aenter__())
        try:
            runner.run(setup(line))
            yield line
        finally:
            runner.run(opened.__aexit__(None, None, None))
            shutil.rmtree(folder)


@asynccontextmanager
async def open_line(folder: Path) -> AsyncIterator[Line]:
    """Start everything, fill the directory; kill it all at the end."""
    line = Line(OwnPostgres(folder / "postgres"), OwnKafka(folder / "kafka"), folder)
    try:
        await apply_topics(line.kafka.bootstrap)
        for service in SERVICES:
            line.databases[service] = line.postgres.make_database(service)
        for name in PARTS:
            line.add_part(name)
        _make_program(line)
        for part in line.parts.values():
            part.start()
        for part in line.parts.values():
            await part.ready()
        await _fill_directory(line)
        yield line
    finally:
        for part in line.parts.values():
            if part.process is not None:
                part.kill()
        line.kafka.kill()
        line.postgres.kill()


def _make_program(line: Line) -> None:
    environment = line.environment("membership", 1)
    made = run_tool(
        "services.membership",
        *("create-program", "--name", "Faults", "--currency", "CNY", "--client-id", "admin"),
        environment=environment,
    )
    line.program_id = UUID(json.loads(made[-1])["program_id"])
    line.token = line.issue_token("admin")


async def _fill_directory(line: Line) -> None:
    shops = [f"shop-{number}" for number in range(SHOPS)]
    await line.ask("membership", "PUT", "/v1/tier-scheme", TIER_SCHEME)
    document = {
        "malls": [
            {"code": "m1", "name": "M1", "time_zone": "Asia/Shanghai", "currency": "CNY"},
        ],
        "brands": [],
        "categories": [{"code": "fashion", "name": "Fashion"}, {"code": "food", "name": "Food"}],
        "shops": [
            {"code": code, "name": code, "mall": "m1", "brand": None, "category": None}
            | {"is_open": True}
            for code in shops
        ],
        "tills": [{"shop": code, "till_id": "T1", "is_active": True} for code in shops],
    }
    await line.ask("membership", "PUT", "/v1/directory", document)
    for code in shops:
        secret = await line.ask("membership", "GET", f"/v1/shops/{code}/tills/T1/secret")
        line.shop_ids.append(UUID(secret["shop_id"]))


TIER_SCHEME: Mapping[str, Any] = {
    "window_days": 365,
    "validity_days": 365,
    "tiers": [
        {"code": "basic", "name": "Basic", "rank": 0, "threshold_minor": 0},
        {"code": "gold", "name": "Gold", "rank": 1, "threshold_minor": 200_000},
    ],
}
