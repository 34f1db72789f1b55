"""Malls, brands and categories, one by one; and everything of the directory at once."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.membership.api.fields import ZoneName
from services.membership.api.pages import Cursor, Limit, after, next_cursor
from services.membership.api.principals import scope_of
from services.membership.domain.directory.directory import (
    LabelWanted,
    MallWanted,
)
from services.membership.domain.directory.directory_plan import DirectoryWanted
from services.membership.domain.directory.errors import ThingUnknown
from services.membership.queries.directory.directory import Table, find_thing, list_things
from services.membership.usecases.directory.put_directory import put_directory
from shared.auth import Staff, require_role
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Code, CurrencyCode, Name, Strict

router = APIRouter(prefix="/v1", tags=["directory"])
DIRECTORY = "directory"
_MALL: JsonDict = {
    "name": "滨江天地 Riverside Galleria",
    "time_zone": "Asia/Shanghai",
    "currency": "CNY",
}
_MALL_ID = "0199f3a2-c1d0-7b7e-8000-000000000002"
MallCode = Annotated[Code, Path(examples=["riverside"])]
BrandCode = Annotated[Code, Path(examples=["house"])]
CategoryCode = Annotated[Code, Path(examples=["dining"])]


class MallRequest(Strict):
    """A mall. `time_zone` rules every local day and hour of its shops."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MALL]})

    name: Name
    time_zone: ZoneName = Field(description="IANA name")
    currency: CurrencyCode = Field(description="the programme's (ISO 4217)")


class LabelRequest(Strict):
    """A brand or category."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "餐饮 Dining"}]})

    name: Name


class MallAnswer(BaseModel):
    """A mall as it now is; `revision` counts its changes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"mall_id": _MALL_ID, "code": "riverside", **_MALL, "revision": 1}]
        }
    )

    mall_id: UUID
    code: str
    name: str
    time_zone: str
    currency: str
    revision: int


class LabelAnswer(BaseModel):
    """A brand or category as it now is; `revision` counts its changes."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "dining", "name": "餐饮 Dining", "revision": 1}]}
    )

    code: str
    name: str
    revision: int


class MallPage(BaseModel):
    """Malls in order of code."""

    items: list[MallAnswer]
    next: str | None = Field(
        description="cursor of the next page; null on the last", examples=[None, "Y2FmZQ"]
    )


class LabelPage(BaseModel):
    """Brands or categories in order of code."""

    items: list[LabelAnswer]
    next: str | None = Field(
        description="cursor of the next page; null on the last", examples=[None, "Y2FmZQ"]
    )


async def put_one(session: Tx, now: Now, staff: Staff, wanted: DirectoryWanted) -> None:
    """Put a single thing; its refusal is the request's."""
    require_role(staff, DIRECTORY)
    outcomes, _ = await put_directory(session, now, staff.program_id, scope_of(staff), wanted)
    if (error := outcomes[0].error) is not None:
        raise error


async def get_thing(session: Tx, table: Table, staff: Staff, code: str) -> dict[str, Any]:
    """One thing that the staff member may see. Raises `ThingUnknown`."""
    require_role(staff, DIRECTORY)
    found = await find_thing(session, table, staff.program_id, scope_of(staff), code)
    if found is None:
        raise ThingUnknown(f"No {table} has this code.")
    return found


async def get_page(
    session: Tx, table: Table, staff: Staff, limit: int, cursor: str | None
) -> dict[str, Any]:
    """A page of things that the staff member may see."""
    require_role(staff, DIRECTORY)
    rows = await list_things(
        session, table, staff.program_id, scope_of(staff), after(cursor), limit
    )
    last = rows[-1]["code"] if len(rows) == limit else None
    return {"items": rows, "next": next_cursor(last)}


@router.put("/malls/{code}", summary="Make or change a mall", response_model=MallAnswer)
async def put_mall(
    code: MallCode, body: MallRequest, staff: CurrentStaff, session: Tx, now: Now
) -> Any:
    """Idempotent: the same content makes no new revision. Role: directory.

    A new time zone is told with every shop of the mall. Staff with a scope change their own malls
    only and make none.
    """
    mall = MallWanted(code, body.name, body.time_zone, body.currency)
    await put_one(session, now, staff, DirectoryWanted(malls=(mall,)))
    return await get_thing(session, "mall", staff, code)


@router.get("/malls/{code}", summary="Read a mall", response_model=MallAnswer)
async def get_mall(code: MallCode, staff: CurrentStaff, session: Tx) -> Any:
    """The mall as it now is. Role: directory."""
    return await get_thing(session, "mall", staff, code)


@router.get("/malls", summary="List malls", response_model=MallPage)
async def list_malls(
    staff: CurrentStaff, session: Tx, limit: Limit = 100, cursor: Cursor = None
) -> Any:
    """Malls that the caller's scope covers, in order of code. Role: directory."""
    return await get_page(session, "mall", staff, limit, cursor)


@router.put("/brands/{code}", summary="Make or change a brand", response_model=LabelAnswer)
async def put_brand(
    code: BrandCode, body: LabelRequest, staff: CurrentStaff, session: Tx, now: Now
) -> Any:
    """Idempotent: the same content makes no new revision. Role: directory, without a scope."""
    await put_one(session, now, staff, DirectoryWanted(brands=(LabelWanted(code, body.name),)))
    return await get_thing(session, "brand", staff, code)


@router.get("/brands/{code}", summary="Read a brand", response_model=LabelAnswer)
async def get_brand(code: BrandCode, staff: CurrentStaff, session: Tx) -> Any:
    """The brand as it now is. Role: directory."""
    return await get_thing(session, "brand", staff, code)


@router.get("/brands", summary="List brands", response_model=LabelPage)
async def list_brands(
    staff: CurrentStaff, session: Tx, limit: Limit = 100, cursor: Cursor = None
) -> Any:
    """Brands in order of code. Role: directory."""
    return await get_page(session, "brand", staff, limit, cursor)


@router.put("/categories/{code}", summary="Make or change a category", response_model=LabelAnswer)
async def put_category(
    code: CategoryCode, body: LabelRequest, staff: CurrentStaff, session: Tx, now: Now
) -> Any:
    """Idempotent: the same content makes no new revision. Role: directory, without a scope."""
    wanted = DirectoryWanted(categories=(LabelWanted(code, body.name),))
    await put_one(session, now, staff, wanted)
    return await get_thing(session, "category", staff, code)


@router.get("/categories/{code}", summary="Read a category", response_model=LabelAnswer)
async def get_category(code: CategoryCode, staff: CurrentStaff, session: Tx) -> Any:
    """The category as it now is. Role: directory."""
    return await get_thing(session, "category", staff, code)


@router.get("/categories", summary="List categories", response_model=LabelPage)
async def list_categories(
    staff: CurrentStaff, session: Tx, limit: Limit = 100, cursor: Cursor = None
) -> Any:
    """Categories in order of code. Role: directory."""
    return await get_page(session, "category", staff, limit, cursor)
