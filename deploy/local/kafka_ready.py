"""Whether a broker serves: it tells its metadata and is itself in it (not fenced)."""

import logging

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.local.ports import LOOPBACK
from deploy.local.waiting import run_apart


def broker_answers(port: int) -> bool:
    """One attempt, over the protocol of Kafka."""
    # aiokafka reports every refused attempt as an error; here a refusal is an expected answer.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return run_apart(lambda: _answers(port))


async def _answers(port: int) -> bool:
    client = AIOKafkaClient(bootstrap_servers=f"{LOOPBACK}:{port}", request_timeout_ms=2_000)
    try:
        await client.bootstrap()
        return bool(client.cluster.brokers())
    except (KafkaError, OSError):
        return False
    finally:
        await client.close()
