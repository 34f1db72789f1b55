"""The whole directory in one request, as a mall group's master data system sends it."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.membership.api.directory.directory import DIRECTORY, LabelRequest, MallRequest
from services.membership.api.directory.shops import ShopRequest
from services.membership.api.principals import scope_of
from services.membership.domain.directory.directory import (
    LabelWanted,
    MallWanted,
    ShopWanted,
    TillWanted,
)
from services.membership.domain.directory.directory_plan import Directory, DirectoryWanted, Outcome
from services.membership.usecases.directory.put_directory import put_directory
from shared.auth import require_role
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Code, Strict, TillId

router = APIRouter(prefix="/v1", tags=["directory"])


class MallItem(MallRequest):
    """A mall with its code."""

    model_config = ConfigDict(json_schema_extra={"examples": []})

    code: Code


class LabelItem(LabelRequest):
    """A brand or category with its code."""

    model_config = ConfigDict(json_schema_extra={"examples": []})

    code: Code


class ShopItem(ShopRequest):
    """A shop with its code."""

    model_config = ConfigDict(json_schema_extra={"examples": []})

    code: Code


class TillItem(Strict):
    """A till of a shop."""

    shop: Code
    till_id: TillId
    is_active: bool = True


class DirectoryRequest(Strict):
    """Anything of the directory; later kinds may name earlier ones of the same request."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "malls": [
                        {
                            "code": "riverside",
                            "name": "滨江天地 Riverside Galleria",
                            "time_zone": "Asia/Shanghai",
                            "currency": "CNY",
                        }
                    ],
                    "categories": [{"code": "dining", "name": "餐饮 Dining"}],
                    "shops": [
                        {
                            "code": "s367",
                            "name": "367 号店 Shop 367",
                            "mall": "riverside",
                            "category": "dining",
                        }
                    ],
                    "tills": [{"shop": "s367", "till_id": "T1"}],
                }
            ]
        }
    )

    malls: Annotated[list[MallItem], Field(max_length=1_000, default_factory=list)]
    brands: Annotated[list[LabelItem], Field(max_length=5_000, default_factory=list)]
    categories: Annotated[list[LabelItem], Field(max_length=5_000, default_factory=list)]
    shops: Annotated[list[ShopItem], Field(max_length=5_000, default_factory=list)]
    tills: Annotated[list[TillItem], Field(max_length=5_000, default_factory=list)]


class ItemResult(BaseModel):
    """What became of one item. A refused one says why; its neighbours do not suffer."""

    kind: str = Field(examples=["shop"])
    code: str = Field(examples=["s367"], description="of a till: shop/till_id")
    status: str = Field(examples=["created"], description="created|changed|unchanged|rejected")
    id: UUID | None = Field(None, description="mall_id or shop_id; of a till its shop's")
    key_version: int | None = Field(None, description="of a till")
    error: str | None = Field(None, examples=["mall_unknown"])
    detail: str | None = None


class DirectoryResult(BaseModel):
    """One result an item: malls, brands, categories, shops, tills, each in the order sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "kind": "shop",
                            "code": "s367",
                            "status": "created",
                            "id": "0199f3a2-c1d0-7b7e-8000-000000000003",
                        }
                    ]
                }
            ]
        }
    )

    items: list[ItemResult]


@router.put("/directory", summary="Make or change many things at once")
async def put_whole_directory(
    body: DirectoryRequest, staff: CurrentStaff, session: Tx, now: Now
) -> DirectoryResult:
    """All in one transaction, by the same rules as one by one. Role: directory.

    What is not named stays as it is: nothing is ever taken away.
    """
    require_role(staff, DIRECTORY)
    wanted = DirectoryWanted(
        tuple(MallWanted(m.code, m.name, m.time_zone, m.currency) for m in body.malls),
        tuple(LabelWanted(b.code, b.name) for b in body.brands),
        tuple(LabelWanted(c.code, c.name) for c in body.categories),
        tuple(
            ShopWanted(s.code, s.name, s.mall, s.brand, s.category, s.is_open) for s in body.shops
        ),
        tuple(TillWanted(t.shop, t.till_id, t.is_active) for t in body.tills),
    )
    outcomes, known = await put_directory(session, now, staff.program_id, scope_of(staff), wanted)
    return DirectoryResult(items=[_result(outcome, known) for outcome in outcomes])


def _result(outcome: Outcome, known: Directory) -> ItemResult:
    result = ItemResult(kind=outcome.kind, code=outcome.code, status=outcome.status)
    if outcome.error is not None:
        return result.model_copy(
            update={"error": outcome.error.code, "detail": outcome.error.detail}
        )
    return result.model_copy(update=_ids(outcome, known))


def _ids(outcome: Outcome, known: Directory) -> Mapping[str, object]:
    match outcome.kind:
        case "mall":
            return {"id": known.malls[outcome.code].mall_id}
        case "shop":
            return {"id": known.shops[outcome.code].shop_id}
        case "till":
            shop_code, _, till_id = outcome.code.partition("/")
            shop_id = known.shops[shop_code].shop_id
            return {"id": shop_id, "key_version": known.tills[shop_id, till_id].key_version}
    return {}
