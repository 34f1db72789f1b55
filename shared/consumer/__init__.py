"""Kafka to use cases, in batches: effect and inbox claim in one transaction, offsets after it.

A batch is worked handler by handler, a transaction each, so that none waits for locks while it
holds another's. What fails is redone in halves, so that one bad message cannot hold the others.
What cannot be worked is put aside with its claim; what may work later is fetched again.
"""

from shared.consumer.batch import TooManyDeadLetters
from shared.consumer.dead_letters import discard_dead_letter, replay_dead_letter
from shared.consumer.delivery import (
    Delivery,
    Handler,
    Handlers,
    Undecodable,
    decode,
)
from shared.consumer.member import Consumer
from shared.consumer.revocations import hear_revocations

__all__ = [
    "Consumer",
    "Delivery",
    "Handler",
    "Handlers",
    "TooManyDeadLetters",
    "Undecodable",
    "decode",
    "discard_dead_letter",
    "hear_revocations",
    "replay_dead_letter",
]
