"""Write `jars.lock` anew: `python -m deploy.kafka.pin_jars KAFKA_VERSION`.

Resolves Kafka's server with everything it needs at run time, downloads it and notes each jar's
SHA-256. Only needed to move to another version of Kafka; look at the diff before committing it.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

from jgo.maven import Artifact, MavenContext
from jgo.parse import Coordinate

from deploy.local.kafka_jars import LOCK_FILE

LOG4J = "org.apache.logging.log4j"
HEADER = """\
# Apache Kafka {kafka} and all that it needs at run time: SHA-256 and Maven coordinates.
# Written by `python -m deploy.kafka.pin_jars {kafka}`; verified before every use.
"""


def main(kafka_version: str) -> None:
    """Resolve, download, hash, write."""
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder), timeout=60)
        artifacts = _server(context, kafka_version)
        # The bridge from SLF4J to Log4j is not among Kafka's dependencies. Resolved together with
        # Kafka, its parent's version table would override Kafka's own, so it is added by itself.
        log4j = next(a.version for a in artifacts if a.artifactId == "log4j-core")
        bridge = context.project(LOG4J, "log4j-slf4j-impl").at_version(log4j)
        lines = sorted(_line(artifact) for artifact in [*artifacts, bridge.artifact()])
    text = HEADER.format(kafka=kafka_version)
    LOCK_FILE.write_text(text + "".join(f"{sha256}  {name}\n" for name, sha256 in lines))


def _server(context: MavenContext, version: str) -> list[Artifact]:
    root = Coordinate("org.apache.kafka", "kafka_2.13", version, scope="compile")
    inputs, transitive = context.resolver.resolve([context.create_dependency(root)])
    needed = [item for item in transitive if item.scope in ("compile", "runtime")]
    return [item.artifact for item in [*inputs, *needed]]


def _line(artifact: Artifact) -> tuple[str, str]:
    name = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
    return name, hashlib.sha256(artifact.resolve().read_bytes()).hexdigest()


if __name__ == "__main__":
    main(*sys.argv[1:])
