"""Shops."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.membership.api.directory.directory import get_page, get_thing, put_one
from services.membership.api.pages import Cursor, Limit
from services.membership.domain.directory.directory import ShopWanted
from services.membership.domain.directory.directory_plan import DirectoryWanted
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Code, Name, Strict

router = APIRouter(prefix="/v1/shops", tags=["directory"])
ShopCode = Annotated[Code, Path(description="a shop's code", examples=["s367"])]
_SHOP: JsonDict = {
    "name": "367 号店 Shop 367",
    "mall": "riverside",
    "brand": "house",
    "category": "dining",
    "is_open": True,
}


class ShopRequest(Strict):
    """A shop; mall, brand and category by code."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SHOP]})

    name: Name
    mall: Code
    brand: Code | None = None
    category: Code | None = None
    is_open: bool = True


class ShopAnswer(BaseModel):
    """A shop as it now is; `revision` counts its changes and those of its mall's zone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "shop_id": "0199f3a2-c1d0-7b7e-8000-000000000003",
                    "code": "s367",
                    **_SHOP,
                    "mall_id": "0199f3a2-c1d0-7b7e-8000-000000000002",
                    "time_zone": "Asia/Shanghai",
                    "currency": "CNY",
                    "revision": 1,
                }
            ]
        }
    )

    shop_id: UUID
    code: str
    name: str
    mall_id: UUID
    mall: str
    time_zone: str
    currency: str
    brand: str | None
    category: str | None
    is_open: bool
    revision: int


class ShopPage(BaseModel):
    """Shops in order of code."""

    items: list[ShopAnswer]
    next: str | None = Field(
        description="cursor of the next page; null on the last", examples=[None, "czM2Nw"]
    )


@router.put("/{code}", summary="Make or change a shop", response_model=ShopAnswer)
async def put_shop(
    code: ShopCode, body: ShopRequest, staff: CurrentStaff, session: Tx, now: Now
) -> Any:
    """Idempotent: the same content makes no new revision. Role: directory.

    Staff with a scope touch shops of their own malls only.
    """
    wanted = ShopWanted(code, body.name, body.mall, body.brand, body.category, body.is_open)
    await put_one(session, now, staff, DirectoryWanted(shops=(wanted,)))
    return await get_thing(session, "shop", staff, code)


@router.get("/{code}", summary="Read a shop", response_model=ShopAnswer)
async def get_shop(code: ShopCode, staff: CurrentStaff, session: Tx) -> Any:
    """The shop as it now is. Role: directory."""
    return await get_thing(session, "shop", staff, code)


@router.get("", summary="List shops", response_model=ShopPage)
async def list_shops(
    staff: CurrentStaff, session: Tx, limit: Limit = 100, cursor: Cursor = None
) -> Any:
    """Shops that the caller's scope covers, in order of code. Role: directory."""
    return await get_page(session, "shop", staff, limit, cursor)
