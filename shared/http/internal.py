"""Health, metrics, invariants and dead letters: the doors for those who run the service."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import metrics
from shared.auth import require_whole
from shared.consumer import Handlers, discard_dead_letter, replay_dead_letter
from shared.errors import NotFound, Unavailable
from shared.http.depends import CurrentStaff, Now, Public, Tx, runtime_of

HealthCheck = Callable[[], str | None]
Invariants = Callable[[AsyncSession], Awaitable[Mapping[str, int]]]
OPERATIONS = "operations"
LetterId = Annotated[int, Path(ge=1, le=2**63 - 1, examples=[1])]


class Health(BaseModel):
    """`ok`, or what is wrong."""

    status: str = Field(examples=["ok"])


class InvariantReport(BaseModel):
    """How many rows break each invariant; all zero when the books are right."""

    holds: bool = Field(examples=[True])
    broken: dict[str, int] = Field(examples=[{"I1_postings_sum_to_balance": 0}])


class DeadLetterRow(BaseModel):
    """An event put aside. Its bytes stay in the database."""

    id: int = Field(examples=[1])
    topic: str = Field(examples=["pos.transactions"])
    key: str = Field(examples=["0199f3a2-c1d0-7b7e-8000-00000000000a"])
    type: str | None = Field(examples=["pos_transaction.recorded"])
    reason: str = Field(examples=["poisonous"])
    error: str = Field(examples=["ValueError: unknown kind"])
    parked_at: datetime = Field(examples=["2026-03-10T12:00:00Z"])


class ReplayResult(BaseModel):
    """What became of the dead letter."""

    id: int = Field(examples=[1])
    resolution: Literal["replayed", "discarded"] = Field(examples=["replayed"])


class DeadLetterUnknown(NotFound):
    """No open dead letter has this id."""


def internal_router(
    invariants: Invariants, handlers: Handlers, health: Sequence[HealthCheck]
) -> APIRouter:
    """Routes that every service has."""
    router = APIRouter(tags=["operations"])

    @router.get("/health/live")
    async def is_live(_: Public) -> Health:
        """The process gets on: its loop answers and its consumer is not stuck."""
        for check in health:
            if (trouble := check()) is not None:
                raise Unavailable(trouble)
        return Health(status="ok")

    @router.get("/health/ready")
    async def is_ready(_: Public, session: Tx) -> Health:
        """The database answers."""
        await session.execute(text("SELECT 1"))
        return Health(status="ok")

    @router.get("/metrics", response_class=Response)
    async def read_metrics(_: Public) -> Response:
        """Prometheus text."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @router.get("/internal/invariants")
    async def check_invariants(staff: CurrentStaff, session: Tx) -> InvariantReport:
        """Check the books by SQL, now. Role: operations."""
        require_whole(staff, OPERATIONS)
        broken = dict(await invariants(session))
        for name, count in broken.items():
            metrics.INVARIANT_BROKEN.labels(name).set(count)
        return InvariantReport(holds=not any(broken.values()), broken=broken)

    _add_dead_letter_routes(router, handlers)
    return router


def _add_dead_letter_routes(router: APIRouter, handlers: Handlers) -> None:
    @router.get("/internal/dead-letters")
    async def list_dead_letters(
        staff: CurrentStaff, session: Tx, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> list[DeadLetterRow]:
        """Events put aside and not yet resolved, oldest first. Role: operations."""
        require_whole(staff, OPERATIONS)
        rows = await session.execute(
            text(
                "SELECT id, topic, key, type, reason, error, parked_at FROM dead_letter "
                "WHERE resolved_at IS NULL AND (program_id = :program_id OR program_id IS NULL) "
                "ORDER BY id LIMIT :limit"
            ),
            {"limit": limit, "program_id": staff.program_id},
        )
        return [DeadLetterRow.model_validate(dict(row)) for row in rows.mappings()]

    @router.post("/internal/dead-letters/{letter_id}/replay")
    async def replay(
        letter_id: LetterId, staff: CurrentStaff, session: Tx, now: Now, request: Request
    ) -> ReplayResult:
        """Work a parked event again; if that succeeds it is resolved, and those that waited
        behind it are worked too, in order. Role: operations."""
        require_whole(staff, OPERATIONS)
        service, program_id = runtime_of(request).service, staff.program_id
        if not await replay_dead_letter(session, service, handlers, now, letter_id, program_id):
            raise DeadLetterUnknown("No open dead letter has this id.")
        return ReplayResult(id=letter_id, resolution="replayed")

    @router.post("/internal/dead-letters/{letter_id}/discard")
    async def discard(
        letter_id: LetterId, staff: CurrentStaff, session: Tx, now: Now, request: Request
    ) -> ReplayResult:
        """Give a parked event up for good; those that waited behind it are worked. Role:
        operations."""
        require_whole(staff, OPERATIONS)
        service, program_id = runtime_of(request).service, staff.program_id
        if not await discard_dead_letter(session, service, handlers, now, letter_id, program_id):
            raise DeadLetterUnknown("No open dead letter has this id.")
        return ReplayResult(id=letter_id, resolution="discarded")
