"""Outbox rows to Kafka: one relay at a time, in id order, marked only after Kafka has them."""

from shared.relay.loop import run_relay
from shared.relay.marks import replay_outbox
from shared.relay.progress import RelayProgress
from shared.relay.sending import message_headers

__all__ = ["RelayProgress", "message_headers", "replay_outbox", "run_relay"]
