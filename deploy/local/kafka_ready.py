"""Whether a broker serves: the one that is meant, and itself in its cluster (not fenced)."""

import logging

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.ports import LOOPBACK
from deploy.local.waiting import run_apart


def broker_answers(port: int, cluster_id: str) -> bool:
    """One attempt, over the protocol of Kafka."""
    # aiokafka reports every refused attempt as an error; here a refusal is an expected answer.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return run_apart(lambda: _answers(port, cluster_id))


async def _answers(port: int, cluster_id: str) -> bool:
    client = AIOKafkaAdminClient(bootstrap_servers=f"{LOOPBACK}:{port}", request_timeout_ms=2_000)
    try:
        await client.start()
        cluster = await client.describe_cluster()
        return cluster["cluster_id"] == cluster_id and bool(cluster["brokers"])
    except (KafkaError, OSError):
        return False
    finally:
        await client.close()
