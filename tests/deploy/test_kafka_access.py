"""A Kafka that wants TLS and a login, as most of those do that one can rent."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.local.kafka import start_kafka
from deploy.local.ports import choose_port
from shared.clock import utc_now
from shared.consumer import Consumer, Delivery
from shared.db import transaction
from shared.outbox import News, tell
from shared.relay import run_relay
from tests.support.engines import MakeDatabase
from tests.support.frame import PROGRAM, FrameSettings, Struck, until
from tests.support.service import make_settings, open_engine

ROOT = Path(__file__).parents[2]
PASSWORD = "not-for-everybody"
PLAIN = "PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"


def _secure_listener(port: int, keystore: Path) -> str:
    """Beside the broker's own."""
    return f"""
listeners={PLAIN},SECURE://127.0.0.1:{port}
advertised.listeners={PLAIN},SECURE://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secure.scram-sha-512.sasl.jaas.config={SCRAM} required;
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
"""


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The settings with which the broker is reached."""
    folder = tmp_path_factory.mktemp("secure-kafka")
    certificate, keystore = folder / "ca.pem", folder / "keystore.pem"
    _certify(certificate, keystore)
    port = choose_port(None, "a listener", lambda _: None, set())
    server = start_kafka(
        folder / "kafka",
        say=lambda _: None,
        more_properties=_secure_listener(port, keystore),
        format_with=["--add-scram", f"SCRAM-SHA-512=[name=galleria,password={PASSWORD}]"],
    )
    yield {
        "kafka_bootstrap_servers": f"127.0.0.1:{port}",
        "kafka_security_protocol": "SASL_SSL",
        "kafka_sasl_mechanism": "SCRAM-SHA-512",
        "kafka_sasl_username": "galleria",
        "kafka_sasl_password": PASSWORD,
        "kafka_ca_file": certificate,
    }
    server.kill()


def _certify(certificate: Path, keystore: Path) -> None:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc_now() - timedelta(hours=1))
        .not_valid_after(utc_now() + timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = signed.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    certificate.write_bytes(public)
    keystore.write_bytes(private + public)


def _apply_topics(secure: dict[str, Any], **changed: str) -> "subprocess.CompletedProcess[str]":
    said = {f"GALLERIA_{name.upper()}": str(value) for name, value in secure.items()}
    command = ["deploy.kafka.apply_topics", "--bootstrap", secure["kafka_bootstrap_servers"]]
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, **said, **changed},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_topics_relay_and_consumer_work_over_tls_with_a_login(
    secure: dict[str, Any], make_database: MakeDatabase
) -> None:
    made = await asyncio.to_thread(_apply_topics, secure)
    assert made.returncode == 0, made.stderr
    settings = make_settings(FrameSettings, make_database("points"), **secure)
    heard: list[Any] = []

    async def hear(_: AsyncSession, __: datetime, deliveries: Sequence[Delivery]) -> None:
        heard.extend(delivery.event for delivery in deliveries)

    stroke = Struck(program_id=PROGRAM, bell="a", number=1)
    async with open_engine(settings.database_url) as engine:
        async with transaction(engine) as session:
            await tell(session, [News(stroke, utc_now())])
        stop = asyncio.Event()
        consumer = Consumer("points", settings, engine, {Struck: hear}, utc_now)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run_relay("points", settings, utc_now, stop))
            tasks.create_task(consumer.run(stop))
            await until(lambda: heard)
            stop.set()
    assert heard == [stroke]


async def test_a_wrong_password_or_an_unknown_authority_is_refused(secure: dict[str, Any]) -> None:
    for changed in ({"kafka_sasl_password": "a guess"}, {"kafka_ca_file": None}):
        settings = make_settings(FrameSettings, "postgresql://nowhere", **{**secure, **changed})
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka_bootstrap_servers,
            request_timeout_ms=3_000,
            **settings.kafka_access(),
        )
        with pytest.raises(KafkaError):
            await producer.start()
        await producer.stop()


def test_settings_that_do_not_fit_together_are_named_before_anything_is_asked(
    secure: dict[str, Any],
) -> None:
    refused = _apply_topics(secure, GALLERIA_KAFKA_SASL_PASSWORD="")
    assert refused.returncode == 2
    assert "KAFKA_SECURITY_PROTOCOL SASL_SSL needs KAFKA_SASL_PASSWORD too" in refused.stderr
