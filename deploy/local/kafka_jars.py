"""The jars of Apache Kafka: named and hashed in `deploy/kafka/jars.lock`, fetched once, verified
before every use."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.cache import cache_folder
from deploy.local.problem import StackProblem

LOCK_FILE = Path(__file__).parents[1] / "kafka" / "jars.lock"
PARALLEL_DOWNLOADS = 6
DOWNLOAD_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Jar:
    """One pinned jar: its Maven coordinates and the SHA-256 of its bytes."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def path(self) -> Path:
        """Its place inside a Maven repository or cache."""
        name = f"{self.artifact}-{self.version}.jar"
        return Path(*self.group.split("."), self.artifact, self.version, name)


def read_lock(lock_file: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """The pinned jars; each line is `sha256  group:artifact:version`, `#` starts a comment."""
    jars = []
    for line in lock_file.read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text:
            sha256, coordinates = text.split()
            group, artifact, version = coordinates.split(":")
            jars.append(Jar(group, artifact, version, sha256))
    return tuple(jars)


def fetch_jars(
    say: Callable[[str], None],
    jars: Sequence[Jar] | None = None,
    cache: Path | None = None,
    repository: str | None = None,
) -> list[Path]:
    """Paths of all pinned jars, each with the pinned hash; downloads only what is missing.

    `repository` is the URL of a Maven repository; None: GALLERIA_MAVEN_REPOSITORY, else Maven
    Central. Raises StackProblem if a download fails or if a jar has other bytes than pinned.
    """
    pinned = read_lock() if jars is None else tuple(jars)
    folder = cache if cache is not None else cache_folder() / "jars"
    missing = [jar for jar in pinned if _sha256(folder / jar.path) != jar.sha256]
    if missing:
        _download_all(missing, folder, say, repository)
    return [folder / jar.path for jar in pinned]


def _download_all(
    missing: Sequence[Jar], folder: Path, say: Callable[[str], None], repository: str | None
) -> None:
    say(f"fetching {len(missing)} jars of Apache Kafka into {folder} (once)")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".incoming-", dir=folder) as incoming,
        ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool,
    ):
        running = [
            pool.submit(_download, jar, Path(incoming), folder, repository) for jar in missing
        ]
        try:
            for done, future in enumerate(as_completed(running), 1):
                name, size_bytes = future.result()
                say(f"  [{done}/{len(missing)}] {name} ({size_bytes / 1e6:.1f} MB)")
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _download(jar: Jar, incoming: Path, folder: Path, repository: str | None) -> tuple[str, int]:
    # Into a folder of its own first: a download that was cut off never looks like a cached jar,
    # and two starts at the same time do not write into each other's file.
    with _explained(jar):
        path = _resolve(jar, incoming, repository)
    found = _sha256(path)
    if found != jar.sha256:
        raise StackProblem(
            f"{jar.group}:{jar.artifact}:{jar.version} has the wrong SHA-256 and was refused:\n"
            f"  pinned  {jar.sha256}  (deploy/kafka/jars.lock)\n"
            f"  found   {found}\n"
            "A proxy or mirror may have changed it; try again from another network."
        )
    target = folder / jar.path
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(path, target)
    return target.name, target.stat().st_size


def _resolve(jar: Jar, incoming: Path, repository: str | None) -> Path:
    # Imported here: jgo takes a quarter of a second to import, and a warm start does not need it.
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    url = repository or os.environ.get("GALLERIA_MAVEN_REPOSITORY") or MAVEN_CENTRAL_URL
    context = MavenContext(
        repo_cache=incoming, remote_repos={"maven": url}, timeout=DOWNLOAD_TIMEOUT_SECONDS
    )
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    return Path(component.artifact(packaging="jar").resolve())


@contextmanager
def _explained(jar: Jar) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StackProblem(
            f"could not download {jar.group}:{jar.artifact}:{jar.version} (a part of Kafka):\n"
            f"  {reason}\n"
            "Check the network (a proxy in HTTPS_PROXY, a mirror in GALLERIA_MAVEN_REPOSITORY) and "
            "run the same command again; what was fetched so far is kept.\n"
            "Without a network, copy the folder `jars` of another machine's Galleria cache "
            "(GALLERIA_CACHE, else ~/.cache/galleria)."
        ) from error


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
