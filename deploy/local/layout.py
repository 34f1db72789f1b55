"""Where the local stack keeps its things, and which parts it has."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENGINES = ("postgres", "kafka")


# As a receipt meets them; a service that is not named here comes after these, by name.
LINE = ("membership", "points", "campaigns", "notifications")


def _find_services() -> tuple[str, ...]:
    found = {path.parent.name for path in ROOT.glob("services/*/__main__.py")}
    return (*(name for name in LINE if name in found), *sorted(found.difference(LINE)))


SERVICES = _find_services()
PARTS = (*ENGINES, *SERVICES)
# Taken when free; else the next free one, which is then kept for later starts.
PREFERRED_PORTS = {
    "postgres": 15432,
    "kafka": 19092,
    "kafka_controller": 19093,
    **{name: 8101 + place for place, name in enumerate(SERVICES)},
}


@dataclass(frozen=True)
class Layout:
    """All paths of one stack; `home` is `.galleria` in the repository, or GALLERIA_HOME."""

    home: Path

    @property
    def stack_file(self) -> Path:
        """Addresses and credentials for whoever uses the stack."""
        return self.home / "stack.json"

    @property
    def state_file(self) -> Path:
        """What the supervisor knows of its parts."""
        return self.home / "state.json"

    @property
    def secrets_file(self) -> Path:
        """What must not change between two starts."""
        return self.home / "secrets.json"

    @property
    def ports_file(self) -> Path:
        """The ports of the last start."""
        return self.home / "ports.json"

    @property
    def lock_file(self) -> Path:
        """Held by the one supervisor as long as it lives."""
        return self.home / "supervisor.lock"

    def data(self, engine: str) -> Path:
        """The data folder of an engine."""
        return self.home / engine

    def log(self, part: str) -> Path:
        """The log of a part, or of the `supervisor`."""
        if part in ENGINES:
            return self.data(part) / "server.log"
        return self.home / "logs" / f"{part}.log"


def default_layout() -> Layout:
    """The stack of this repository."""
    return Layout(Path(os.environ.get("GALLERIA_HOME") or ROOT / ".galleria").absolute())
