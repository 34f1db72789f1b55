"""What all figures of one run share: engines, sizes, the town, and a database full of members."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.engines import Engines, run_sql
from benchmarks.measures import Figure
from benchmarks.servers import Server, free_port, open_server
from benchmarks.tokens import LIFETIME_SECONDS
from benchmarks.town import DEPLOYMENT_KEY, Town, hear
from services.points.consumer import HANDLERS

MEMBERS = 100_000


@dataclass(frozen=True)
class Sizes:
    """How much is done. `quick` is for looking whether it works: its numbers are rough."""

    trials: int = 3
    members: int = MEMBERS
    growth_members: int = 10_000_000
    batches: int = 40
    batches_warm: int = 20
    singles: int = 12_000
    singles_warm: int = 3_000
    hold_pairs: int = 6_000
    hold_pairs_warm: int = 2_000
    reads: int = 30_000
    pgbench_seconds: int = 8
    events: int = 20_000
    line_members: int = MEMBERS
    line_batches: int = 20
    night_lots: int = 1_000_000


QUICK = Sizes(
    trials=2,
    members=20_000,
    growth_members=200_000,
    batches=8,
    batches_warm=8,
    singles=3_000,
    singles_warm=1_500,
    hold_pairs=1_500,
    hold_pairs_warm=800,
    reads=6_000,
    pgbench_seconds=3,
    events=5_000,
    line_members=20_000,
    line_batches=5,
    night_lots=40_000,
)


@dataclass
class Run:
    """One run. Figures ask it for databases and servers."""

    engines: Engines
    sizes: Sizes
    say: Callable[[str], None]
    runner: asyncio.Runner
    intake: list[Figure] = field(default_factory=list, init=False)
    _town: Town | None = field(default=None, init=False)

    @property
    def town(self) -> Town:
        """The programme; its members are in the database `points_full`, made on first use."""
        if self._town is None:
            self.say(f"filling points with {self.sizes.members:,} members")
            town = Town(self.sizes.members)
            url = self.engines.create_service_database("points", "points_full")
            hear(url, HANDLERS, town.events())
            run_sql(url, "VACUUM ANALYZE")
            self._town = town
        return self._town

    def points_database(self, name: str) -> str:
        """URL of a copy of the database full of members: all start alike."""
        assert self.town
        return self.engines.create_database(name, "points_full")

    @contextmanager
    def open_service(
        self, service: str, database_url: str, *roles: str, **settings: str
    ) -> Iterator[Server]:
        """A process of the service with these roles."""
        port = free_port()
        prefix = f"{service.upper()}_"
        values: Mapping[str, str] = {
            "database_url": database_url,
            "kafka_bootstrap_servers": "127.0.0.1:1",
            "deployment_key": DEPLOYMENT_KEY,
            "jwks_url": "http://127.0.0.1:1/jwks",
            "token_seconds_max": str(LIFETIME_SECONDS),
            "port": str(port),
            "log_level": "WARNING",
            **settings,
        }
        name = urlsplit(database_url).path.lstrip("/")
        with open_server(
            [f"services.{service}", *roles],
            port,
            {prefix + key.upper(): value for key, value in values.items()},
            self.engines.folder / f"{name}-{port}.log",
            "/health/ready",
        ) as server:
            yield server
