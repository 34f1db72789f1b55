"""Files of the ledger and of statements: asked for, written by a job, fetched when ready."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.points.api.principals import check_may_read, require_finance
from services.points.domain.accounting.errors import ExportNotReady, ExportUnknown
from services.points.queries.accounting.exports import find_export, read_chunk
from services.points.storage.accounting.exports import ExportAsked
from services.points.usecases.accounting.ask_export import ask_export
from shared.auth import Member, Staff
from shared.http.depends import CurrentStaff, MemberOrStaff, Now, Tx, reads_of
from shared.http.fields import ISO_TEXT, LAX, Strict, instant_within
from shared.ids import new_id

router = APIRouter(tags=["Books"])
Instant = Annotated[datetime, ISO_TEXT, instant_within(1990, 2199), LAX]
_ID = "0199f3a2-c1d0-7b7e-8000-0000000000e1"
_SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_LINE = "wallet,version,recorded_at,purchased_at,kind,points,balance_after,zh-CN,en\r\n"


class ExportIn(Strict):
    """Postings recorded from `from_at` to before `until_at`; without them all that there are."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"from_at": "2026-01-01T00:00:00+08:00", "until_at": "2026-02-01T00:00:00+08:00"}
            ]
        }
    )

    from_at: Instant | None = None
    until_at: Instant | None = None

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.from_at is not None and self.until_at is not None and self.from_at >= self.until_at:
            raise ValueError("It must begin before it ends.")
        return self


class ExportOut(BaseModel):
    """How far the file is. `rows`, `bytes` and `sha256` are of the whole file once it is ready;
    the header line is not counted among the rows."""

    export_id: UUID = Field(examples=[_ID])
    kind: str = Field(examples=["ledger"])
    status: str = Field(examples=["ready"], description="open, ready or dropped")
    member_id: UUID | None = Field(examples=[None], description="of a statement")
    from_at: datetime | None = Field(examples=[None])
    until_at: datetime | None = Field(examples=[None])
    made_by: str = Field(examples=["finance"])
    made_at: datetime = Field(examples=["2026-03-10T12:00:00Z"])
    snapshot_at: datetime | None = Field(
        examples=["2026-03-10T12:00:01Z"], description="what was posted by then is in the file"
    )
    postings_total: int | None = Field(examples=[2])
    postings_seen: int = Field(examples=[2])
    rows: int = Field(examples=[2])
    bytes: int = Field(examples=[482])
    sha256: str | None = Field(examples=[_SHA])
    ready_at: datetime | None = Field(examples=["2026-03-10T12:00:03Z"])


# A repeat is found by what was asked, so a key of its own would add nothing.
_ASKED_BEFORE: dict[int | str, dict[str, Any]] = {
    200: {"model": ExportOut, "description": "Asked for before, and still being written."}
}


@router.post("/v1/exports", summary="Export the ledger", status_code=202, responses=_ASKED_BEFORE)
async def export_ledger(
    body: ExportIn, staff: CurrentStaff, session: Tx, now: Now, response: Response
) -> ExportOut:
    """A job writes the file: look at `GET /v1/exports/{export_id}` until it is ready. Who asks for
    the same again meanwhile gets the same one; somebody on the staff has at most 10 open at once.
    Role: points.finance, for the whole programme."""
    require_finance(staff)
    return await _ask(staff, None, body, session, now, response)


@router.post(
    "/v1/members/{member_id}/statement-exports",
    summary="Export a statement",
    status_code=202,
    responses=_ASKED_BEFORE,
)
async def export_statement(
    member_id: UUID,
    body: ExportIn,
    who: MemberOrStaff,
    session: Tx,
    now: Now,
    response: Response,
) -> ExportOut:
    """All wallets of the member, each posting with its sentences. A member has at most 2 open at
    once; the same again meanwhile is the same file."""
    check_may_read(who, member_id)
    return await _ask(who, member_id, body, session, now, response)


async def _ask(
    who: Member | Staff,
    member_id: UUID | None,
    body: ExportIn,
    session: Any,
    now: datetime,
    response: Response,
) -> ExportOut:
    is_member = isinstance(who, Member)
    made_by = f"member:{who.member_id}" if isinstance(who, Member) else who.subject
    asked = ExportAsked(member_id, body.from_at, body.until_at, made_by)
    made = await ask_export(session, now, who.program_id, new_id(), asked, is_member=is_member)
    response.status_code = 202 if made.is_new else 200
    response.headers["Location"] = f"/v1/exports/{made.export_id}"
    return ExportOut(**await _find(session, who, made.export_id))


@router.get("/v1/exports/{export_id}", summary="How far an export is")
async def read_export(export_id: UUID, who: MemberOrStaff, session: Tx) -> ExportOut:
    """A member sees the exports of their own statement."""
    return ExportOut(**await _find(session, who, export_id))


@router.get(
    "/v1/exports/{export_id}/file",
    summary="The file of an export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "CSV in UTF-8; its SHA-256 is the ETag. No cell can be a formula.",
            "content": {"text/csv": {"schema": {"type": "string", "examples": [_LINE]}}},
        }
    },
)
async def read_file(
    export_id: UUID, who: MemberOrStaff, session: Tx, request: Request
) -> StreamingResponse:
    """As it was written; kept for some days (`POINTS_FILES_KEPT_DAYS`)."""
    found = await _find(session, who, export_id)
    if found["status"] == "open":
        raise ExportNotReady(
            "The file is still being written.",
            postings_seen=found["postings_seen"],
            postings_total=found["postings_total"],
        )
    if found["status"] == "dropped":
        raise ExportUnknown("The file was dropped. Ask for it again.")
    return StreamingResponse(
        _stream(request, who.program_id, export_id, found["chunks"]),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{found["kind"]}-{export_id}.csv"',
            "Content-Length": str(found["bytes"]),
            "ETag": f'"{found["sha256"]}"',
        },
    )


async def _stream(
    request: Request, program_id: UUID, export_id: UUID, chunks: int
) -> AsyncIterator[bytes]:
    """Chunk by chunk, each read by itself: no transaction stays open behind a slow reader."""
    for number in range(1, chunks + 1):
        content = await read_chunk(reads_of(request), program_id, export_id, number)
        if content is None:
            return  # Dropped meanwhile: the length that was promised tells the reader.
        yield content.encode()


async def _find(session: Any, who: Member | Staff, export_id: UUID) -> dict[str, Any]:
    found = await find_export(session, who.program_id, export_id)
    if found is None or (isinstance(who, Member) and found["member_id"] != who.member_id):
        raise ExportUnknown("No such export.")
    if isinstance(who, Staff):
        if found["member_id"] is None:
            require_finance(who)
        else:
            check_may_read(who, found["member_id"])
    return found
