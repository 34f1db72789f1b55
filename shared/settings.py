"""The knobs that every service has. Each service derives its own class with its own prefix."""

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

# Compose cannot leave a variable out; an empty one says as little.
OrNothing = BeforeValidator(lambda value: None if value == "" else value)


class KafkaAccess(BaseSettings):
    """How the brokers are reached: in the clear, over TLS, with a login, or with both."""

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="as the brokers' listener has it"
    )
    kafka_sasl_mechanism: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None, OrNothing
    ] = Field(None, description="how to log in; with SASL_… only")
    kafka_sasl_username: Annotated[str | None, OrNothing] = None
    kafka_sasl_password: Annotated[SecretStr | None, OrNothing] = None
    kafka_ca_file: Annotated[Path | None, OrNothing] = Field(
        None, description="PEM; who signed the brokers' certificates, else the system's authorities"
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        protocol = self.kafka_security_protocol
        login = {
            "KAFKA_SASL_MECHANISM": self.kafka_sasl_mechanism,
            "KAFKA_SASL_USERNAME": self.kafka_sasl_username,
            "KAFKA_SASL_PASSWORD": self.kafka_sasl_password,
        }
        given = [name for name, value in login.items() if value is not None]
        missing = [name for name in login if name not in given]
        if protocol.startswith("SASL_") and missing:
            raise ValueError(f"KAFKA_SECURITY_PROTOCOL {protocol} needs {', '.join(missing)} too")
        if not protocol.startswith("SASL_") and given:
            raise ValueError(
                f"{', '.join(given)} without a login: set KAFKA_SECURITY_PROTOCOL to SASL_SSL, "
                f"it is {protocol}"
            )
        if self.kafka_ca_file is not None and not protocol.endswith("SSL"):
            raise ValueError(
                f"KAFKA_CA_FILE without TLS: set KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL, "
                f"it is {protocol}"
            )
        self._tls()
        return self

    def _tls(self) -> ssl.SSLContext | None:
        if not self.kafka_security_protocol.endswith("SSL"):
            return None
        try:
            return ssl.create_default_context(cafile=self.kafka_ca_file)
        except OSError as error:
            raise ValueError(f"KAFKA_CA_FILE cannot be read as certificates: {error}") from error

    def kafka_access(self) -> dict[str, Any]:
        """What every Kafka client is told beside the brokers' addresses, as aiokafka names it."""
        password = self.kafka_sasl_password
        return {
            "security_protocol": self.kafka_security_protocol,
            "ssl_context": self._tls(),
            "sasl_mechanism": self.kafka_sasl_mechanism or "PLAIN",
            "sasl_plain_username": self.kafka_sasl_username,
            "sasl_plain_password": None if password is None else password.get_secret_value(),
        }


class ServiceSettings(KafkaAccess):
    """Read from the environment with the service's prefix, for example `POINTS_DATABASE_URL`."""

    database_url: str = Field(description="postgresql://user:password@host:port/database")
    database_pool_size: int = Field(8, ge=1, le=100, description="connections per process")
    database_read_pool_size: int = Field(
        4, ge=1, le=100, description="more connections per process, for hot single reads"
    )
    database_wait_seconds_max: float = Field(
        10, gt=0, description="who waits longer for a connection, free or new, is told to try again"
    )
    kafka_bootstrap_servers: str = Field(description="host:port, comma separated")
    kafka_topic_prefix: str = Field("", description="put before every topic and group name")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    log_level: str = "INFO"

    deployment_key: SecretStr = Field(
        min_length=32, description="32+ characters; till secrets derive from it"
    )
    jwks_url: str = Field(description="where the keys of access tokens are published")
    token_issuer: str = "galleria"
    token_seconds_max: int = Field(
        900,
        ge=60,
        le=31 * 86_400,
        description="tokens issued for longer are refused, whoever issued them",
    )
    revocations_poll_seconds: float = Field(
        1, gt=0, le=60, description="how often a process looks for tokens that were revoked"
    )

    body_bytes_max: int = Field(8 * 1024 * 1024, ge=1, description="larger request bodies are 413")
    signature_skew_seconds_max: int = Field(
        300, ge=0, description="a till's clock may be off by this"
    )

    relay_batch_rows_max: int = Field(1_000, ge=1)
    relay_poll_seconds: float = Field(
        0.05, gt=0, description="pause of the relay when nothing waits"
    )
    relay_stuck_seconds_max: float = Field(
        60, gt=0, description="rows wait and none is told: not alive"
    )
    consumer_batch_events_max: int = Field(1_000, ge=1)
    consumer_poll_seconds: float = Field(0.2, gt=0, description="how long one look waits for news")
    consumer_gather_bytes: int = Field(
        65_536, ge=1, description="news gathers at the broker until it is this much"
    )
    consumer_gather_seconds: float = Field(
        0.1, gt=0, description="but no longer than this: what one event waits at most"
    )
    consumer_stuck_seconds_max: float = Field(
        60, gt=0, description="lag without progress: not alive"
    )
    dead_letters_in_a_row_max: int = Field(50, ge=1, description="more in a row stop the consumer")
    outbox_retention_days: int = Field(14, ge=1)
    books_check_hour_utc: int = Field(
        19,
        ge=0,
        le=23,
        description="when the invariants are checked each day; 19 is 03:00 in China",
    )
    inbox_retention_days: int = Field(45, ge=1, description="longer than outbox and topic together")
    drain_seconds_max: float = Field(
        20, ge=1, description="open requests and batches get this long"
    )

    @property
    def token_lifetime_max(self) -> timedelta:
        """How long a token can live, and so how long it must be remembered as revoked."""
        return timedelta(seconds=self.token_seconds_max)

    @property
    def outbox_retention(self) -> timedelta:
        """How long published rows are kept, so that `replay --since` can send them again."""
        return timedelta(days=self.outbox_retention_days)
