"""Opening balances: parts of a file, a dry run, and one commit of what was agreed."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.points.api.principals import IMPORT, require_finance
from services.points.domain.accounting.errors import ImportUnknown
from services.points.domain.accounting.import_refusals import refusal_text
from services.points.queries.accounting.imports import find_import, list_wrong_rows
from services.points.usecases.accounting.add_import_part import add_import_part
from services.points.usecases.accounting.check_import import check_import
from services.points.usecases.accounting.commit_import import commit_import
from services.points.usecases.accounting.start_import import start_import
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Strict
from shared.ids import new_id

router = APIRouter(prefix="/v1/imports", tags=["Imports"])
PARTS_MAX = 1_000
_ID = "0199f3a2-c1d0-7b7e-8000-0000000000f1"
_SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_CSV = (
    "reference,member_number,points,earned_on,expires_on,wallet\n"
    "old-7001,600000000001,1200,2025-06-30,2027-06-30,points\n"
)
_JSONL = (
    '{"reference":"old-7001","member_number":"600000000001","points":1200,'
    '"earned_on":"2025-06-30"}\n'
)
_PART: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string", "minLength": 1},
                "examples": {"csv": {"value": _CSV}},
            },
            "application/x-ndjson": {
                "schema": {"type": "string", "minLength": 1},
                "examples": {"jsonl": {"value": _JSONL}},
            },
        },
    }
}
PartNumber = Annotated[int, Path(ge=1, le=PARTS_MAX, examples=[1])]


class ImportIn(Strict):
    """CSV with a header line in each part, or JSON lines; UTF-8, one row a line."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"file_format": "csv"}]})

    file_format: Literal["csv", "jsonl"]


class AgreedIn(Strict):
    """What the sender says of the whole file: SHA-256 of the parts one after the other, how many
    rows, how many points."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sha256": _SHA, "rows": 1, "points": 1200}]}
    )

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    rows: int = Field(ge=1, le=10**9)
    points: int = Field(ge=1, le=10**15)


class ImportOut(BaseModel):
    """How far the import is."""

    import_id: UUID = Field(examples=[_ID])
    status: str = Field(
        examples=["checked"],
        description="uploading, checking, refused, checked, committing or done",
    )
    file_format: str = Field(examples=["csv"])
    made_by: str = Field(examples=["finance"])
    made_at: datetime = Field(examples=["2026-03-10T12:00:00Z"])
    sha256: str | None = Field(examples=[_SHA])
    rows_told: int | None = Field(examples=[1])
    points_told: int | None = Field(examples=[1200])
    rows_read: int = Field(examples=[1])
    rows_bad: int = Field(examples=[0])
    points_read: int = Field(examples=[1200])
    why_refused: str | None = Field(
        examples=[None],
        description="sha256_differs, rows_differ, points_differ, rows_are_wrong, header_wrong, "
        "not_utf8 or left_too_long",
    )
    refusal: str | None = Field(
        examples=[None], description="the same in a sentence: what is wrong and what to do"
    )
    totals: dict[str, dict[str, int]] | None = Field(
        examples=[{"by_wallet": {"points": 1200}, "by_month_earned": {"2025-06": 1200}}]
    )
    committed_by: str | None = Field(examples=[None])
    rows_posted: int = Field(examples=[0])
    rows_refused: int = Field(examples=[0], description="could not be posted after all")
    points_posted: int = Field(examples=[0])
    done_at: datetime | None = Field(examples=[None])


class WrongRow(BaseModel):
    """A row that cannot be posted, and why."""

    row_number: int = Field(examples=[3], description="rows are counted without header lines")
    reference: str | None = Field(examples=["old-7003"])
    error: str = Field(examples=["member_unknown"])


@router.post("", summary="Begin an import", status_code=201)
async def begin(body: ImportIn, staff: CurrentStaff, session: Tx, now: Now) -> ImportOut:
    """An empty one, to be filled with parts. Role: points.import, for the whole programme."""
    require_finance(staff, IMPORT)
    import_id = new_id()
    await start_import(session, now, staff.program_id, import_id, body.file_format, staff.subject)
    return await _read(session, staff.program_id, import_id)


@router.put(
    "/{import_id}/parts/{part_number}", summary="Send a part of the file", openapi_extra=_PART
)
async def send_part(
    import_id: UUID,
    part_number: PartNumber,
    staff: CurrentStaff,
    session: Tx,
    request: Request,
) -> ImportOut:
    """Parts are numbered from 1; the same number again replaces it. A row has a `reference` that
    counts once in the programme, for ever; `member_id` or `member_number`; `points`; `earned_on`;
    and may have `expires_on` (the last day, else they never end), `wallet`, `mall_id`, `shop_id`.
    Role: points.import."""
    require_finance(staff, IMPORT)
    content = await request.body()
    await add_import_part(session, staff.program_id, import_id, part_number, content, staff.subject)
    return await _read(session, staff.program_id, import_id)


@router.post("/{import_id}/checks", summary="Dry run", status_code=202)
async def check(import_id: UUID, body: AgreedIn, staff: CurrentStaff, session: Tx) -> ImportOut:
    """A job reads everything and posts nothing: `checked` when all is as told, else `refused` with
    why; wrong rows are listed by `…/errors`. 422 `import_hash_differs` changes nothing; what was
    refused for its hash, rows or points may be checked again with other figures.
    Role: points.import."""
    require_finance(staff, IMPORT)
    told = (body.sha256, body.rows, body.points)
    await check_import(session, staff.program_id, import_id, told, staff.subject)
    return await _read(session, staff.program_id, import_id)


@router.post("/{import_id}/commits", summary="Post what was checked", status_code=202)
async def commit_checked(
    import_id: UUID, body: AgreedIn, staff: CurrentStaff, session: Tx
) -> ImportOut:
    """A job posts each row once, as a lot with its own day and end. Not for who began the
    import. Role: points.import."""
    require_finance(staff, IMPORT)
    agreed = (body.sha256, body.rows, body.points)
    await commit_import(session, staff.program_id, import_id, agreed, staff.subject)
    return await _read(session, staff.program_id, import_id)


@router.get("/{import_id}", summary="How far an import is")
async def read_import(import_id: UUID, staff: CurrentStaff, session: Tx) -> ImportOut:
    """With the totals of its dry run. Role: points.import."""
    require_finance(staff, IMPORT)
    return await _read(session, staff.program_id, import_id)


@router.get("/{import_id}/errors", summary="Rows that are wrong")
async def read_errors(
    import_id: UUID,
    staff: CurrentStaff,
    session: Tx,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> list[WrongRow]:
    """In the order of the file, those behind row `after`. Role: points.import."""
    require_finance(staff, IMPORT)
    await _read(session, staff.program_id, import_id)
    rows = await list_wrong_rows(session, staff.program_id, import_id, after, limit)
    return [WrongRow(**row) for row in rows]


async def _read(session: Any, program_id: UUID, import_id: UUID) -> ImportOut:
    found = await find_import(session, program_id, import_id)
    if found is None:
        raise ImportUnknown("No such import.")
    return ImportOut(**found, refusal=refusal_text(found))
