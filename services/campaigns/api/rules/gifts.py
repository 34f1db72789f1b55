"""Gifts and their stock."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.campaigns.api.principals import CAMPAIGNS, require_reader
from services.campaigns.api.rules.specs import Names
from services.campaigns.queries.rules.gifts import get_gift
from services.campaigns.usecases.rules.put_gift import put_gift
from shared.auth import require_role
from shared.http.depends import CurrentStaff, Tx
from shared.http.fields import Id, Strict

router = APIRouter(prefix="/v1/gifts", tags=["gifts"])
Sku = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$", examples=["spring-tote"])]


class Shelf(Strict):
    """How many there are in all, given ones included, at a mall or (null) in the programme."""

    mall_id: Id | None = None
    initial: int = Field(ge=0, le=10_000_000)


class GiftRequest(Strict):
    """A gift as it shall be. Shelves that are left out keep only what is granted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": {"zh": "春季托特包", "en": "Spring tote"},
                    "stock": [{"mall_id": None, "initial": 500}],
                }
            ]
        }
    )

    name: Names
    stock: list[Shelf] = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _one_shelf_a_mall(self) -> Self:
        malls = [shelf.mall_id for shelf in self.stock]
        if len(set(malls)) != len(malls):
            raise ValueError("Name each mall once.")
        return self


class ShelfAnswer(BaseModel):
    """A shelf: `remaining` of `initial` are not granted."""

    mall_id: UUID | None
    initial: int
    remaining: int


class GiftAnswer(BaseModel):
    """A gift with its shelves."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sku": "spring-tote",
                    "name": {"zh": "春季托特包", "en": "Spring tote"},
                    "stock": [{"mall_id": None, "initial": 500, "remaining": 462}],
                }
            ]
        }
    )

    sku: str
    name: Names
    stock: list[ShelfAnswer]


async def _answer(session: Tx, program_id: UUID, sku: str) -> GiftAnswer:
    row = await get_gift(session, program_id, sku)
    return GiftAnswer(
        sku=row["sku"],
        name=Names(zh=row["name_zh"], en=row["name_en"]),
        stock=[ShelfAnswer.model_validate(shelf) for shelf in row["stock"]],
    )


@router.put("/{sku}", summary="Name a gift and set its stock")
async def put(sku: Sku, body: GiftRequest, staff: CurrentStaff, session: Tx) -> GiftAnswer:
    """A mall with a shelf of its own draws from that alone, others from the programme's.

    Never below what is granted already (409 `stock_below_granted`). Role: campaigns.
    """
    require_role(staff, CAMPAIGNS)
    stock = {shelf.mall_id: shelf.initial for shelf in body.stock}
    names = (body.name.zh, body.name.en)
    await put_gift(session, staff.program_id, sku, names, stock)
    return await _answer(session, staff.program_id, sku)


@router.get("/{sku}", summary="Read a gift")
async def read(sku: Sku, staff: CurrentStaff, session: Tx) -> GiftAnswer:
    """Its names and what is left. Role: campaigns or desk."""
    require_reader(staff)
    return await _answer(session, staff.program_id, sku)
