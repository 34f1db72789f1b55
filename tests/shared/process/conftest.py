"""What the process of the tiny service is told, without a broker and with one."""

import os
import socket

import pytest

from tests.support.bell_process import Environment
from tests.support.frame import create_topics
from tests.support.service import DEPLOYMENT_KEY


@pytest.fixture
def environment(database_url: str) -> Environment:
    """Settings without a broker, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        "PATH": os.environ["PATH"],
        "BELLS_DATABASE_URL": database_url,
        "BELLS_DATABASE_POOL_SIZE": "4",
        "BELLS_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "BELLS_DEPLOYMENT_KEY": DEPLOYMENT_KEY,
        "BELLS_JWKS_URL": "http://127.0.0.1:1/jwks",
        "BELLS_PORT": str(port),
    }


@pytest.fixture
async def with_kafka(
    environment: Environment, kafka_bootstrap: str, topic_prefix: str
) -> Environment:
    await create_topics(kafka_bootstrap, topic_prefix)
    return {
        **environment,
        "BELLS_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "BELLS_KAFKA_TOPIC_PREFIX": topic_prefix,
        "BELLS_DEAD_LETTERS_IN_A_ROW_MAX": "1",
        "POISON": "7",
    }
