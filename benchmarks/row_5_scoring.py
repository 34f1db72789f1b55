"""Row 5: campaigns scores receipts from Kafka, with effect, beside posting by hand-written SQL."""

import asyncio
import os
import time
from signal import SIGCONT, SIGSTOP
from typing import Any

from aiokafka import AIOKafkaProducer

from benchmarks.campaign_mix import NUMBER, publish_campaigns
from benchmarks.cpu import CpuMeter
from benchmarks.engines import run_sql, with_connection
from benchmarks.lag import Lag
from benchmarks.measures import Figure, Measured, Trial
from benchmarks.row_1_batches import measured_intake
from benchmarks.run import Run
from benchmarks.servers import Server
from benchmarks.tokens import open_issuer
from benchmarks.town import hear
from deploy.kafka.apply_topics import apply_topics
from services.campaigns.consumer import HANDLERS
from shared.contracts.points import PosTransactionRecorded
from shared.ids import new_id

DRAIN_SECONDS_MAX = 300.0
UNIT = "events/s"
_REWARDS = "SELECT count(*) FROM outbox WHERE topic = 'campaigns.rewards'"


def measure(run: Run) -> list[Figure]:
    """The consumer is stopped while events are sent, so that sending costs it nothing."""
    intake = measured_intake(run)
    bootstrap = run.engines.kafka.bootstrap_servers
    asyncio.run(apply_topics(bootstrap))
    url = run.engines.create_service_database("campaigns", "campaigns_full")
    hear(url, HANDLERS, run.town.events())
    run_sql(url, "VACUUM ANALYZE")
    trials: list[Trial] = []
    with (
        open_issuer() as issuer,
        run.open_service(
            "campaigns",
            url,
            "api",
            "consumer",
            jwks_url=issuer.jwks_url,
            kafka_bootstrap_servers=bootstrap,
        ) as server,
    ):
        token = issuer.staff_token(run.town.program_id)
        publish_campaigns(
            f"http://127.0.0.1:{server.port}", token, run.town.categories, run.town.line_minor_max
        )
        for _ in range(run.sizes.trials + 1):
            trials.append(_trial(run, server, bootstrap))
            run.say(f"  {trials[-1].per_second:,.0f}/s; CPU {trials[-1].cpu_us}")
            run_sql(url, "ANALYZE")
    rewards = with_connection(url, lambda connection: connection.fetchval(_REWARDS))
    told = sum(trial.units for trial in trials)
    return [
        Figure(
            row=5,
            name=f"Campaign scoring, {NUMBER} live campaigns",
            measured=Measured("one consumer process", UNIT, trials[1:]),
            ceiling=intake[0].ceiling,
            hold=0.3,
            reach=0.5,
            notes=(
                f"{rewards / told:.2f} reward events a receipt; the rate is of events read, "
                "scored, committed and acknowledged to Kafka; drain is the whole of it",
            ),
        )
    ]


def _trial(run: Run, server: Server, bootstrap: str) -> Trial:
    events = [_recorded(run) for _ in range(run.sizes.events)]
    run.engines.settle()
    return asyncio.run(_score(run, server, bootstrap, events))


async def _score(
    run: Run, server: Server, bootstrap: str, events: list[PosTransactionRecorded]
) -> Trial:
    async with Lag(bootstrap, {"campaigns": {e.TOPIC for e in HANDLERS}}) as lag:
        await lag.until_none(DRAIN_SECONDS_MAX)
        os.kill(server.pid, SIGSTOP)
        try:
            await _send(bootstrap, events)
        finally:
            os.kill(server.pid, SIGCONT)
        meter = CpuMeter(
            {
                "consumer": [server.pid],
                "PostgreSQL": [run.engines.postgres.pid],
                "Kafka": [run.engines.kafka.pid],
            }
        )
        start = time.perf_counter()
        await lag.until_none(DRAIN_SECONDS_MAX)
        seconds = time.perf_counter() - start
        used = meter.used_seconds()
    return Trial(
        len(events),
        seconds,
        drain_seconds=seconds,
        cpu_us={name: spent / len(events) * 1e6 for name, spent in used.items()},
    )


def _recorded(run: Run) -> PosTransactionRecorded:
    """The event of one more receipt of the town, as points tells it."""
    receipt: dict[str, Any] = run.town.receipt_fields()
    transaction_id = new_id()
    lines = [{**line, "base_micro": line["amount_minor"] * 10_000} for line in receipt.pop("lines")]
    receipt.pop("tenders")
    return PosTransactionRecorded.model_validate(
        {
            **receipt,
            "program_id": run.town.program_id,
            "transaction_id": transaction_id,
            "receipt_id": transaction_id,
            "kind": "sale",
            "mall_id": run.town.mall_id,
            "recorded_at": receipt["purchased_at"],
            "time_zone": "Asia/Shanghai",
            "lines": lines,
            "points": receipt["total_minor"] // 100,
            "balance_after": receipt["total_minor"] // 100,
        },
        strict=False,
    )


async def _send(bootstrap: str, events: list[PosTransactionRecorded]) -> None:
    """To Kafka, with the headers that the relay gives them."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, linger_ms=2, max_batch_size=262_144, enable_idempotence=True
    )
    await producer.start()
    try:
        for event in events:
            await producer.send(
                event.TOPIC,
                event.model_dump_json().encode(),
                key=event.key().encode(),
                headers=[
                    ("ce_id", str(new_id()).encode()),
                    ("ce_type", event.TYPE.encode()),
                    ("ce_programid", str(event.program_id).encode()),
                    ("ce_correlationid", b"benchmark"),
                    ("ce_traceparent", b""),
                ],
            )
    finally:
        await producer.stop()
