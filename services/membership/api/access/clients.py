"""OAuth clients, for administrators."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Request, status
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.membership.api.fields import Role
from services.membership.api.once import once
from services.membership.api.pages import Cursor, Limit, after, next_cursor
from services.membership.api.principals import scope_of
from services.membership.domain.access.clients import Client
from services.membership.domain.directory.errors import OutOfScope
from services.membership.queries.access.clients import list_clients
from services.membership.usecases.access.create_client import ClientWanted, create_client
from services.membership.usecases.access.disable_client import disable_client
from shared.auth import Staff, require_role
from shared.http.depends import CurrentStaff, IdempotencyKey, Now, Tx
from shared.http.fields import Name, Strict

router = APIRouter(prefix="/v1/clients", tags=["clients"])
ADMIN = "admin"
_CLIENT: JsonDict = {
    "client_id": "staff-0199f3a2c1d07b7e8000000000000001",
    "kind": "staff",
    "name": "Service desk, ground floor",
    "roles": ["members"],
    "mall_ids": ["0199f3a2-c1d0-7b7e-8000-000000000002"],
    "shop_ids": None,
    "created_at": "2026-03-10T12:00:00Z",
    "disabled_at": None,
}
Ids = Annotated[list[Annotated[UUID, Field(strict=False)]], Field(min_length=1, max_length=1_000)]


class ClientRequest(Strict):
    """A client to make. Leave malls and shops out for the whole programme."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "service", "name": "Mini-program", "roles": ["front_end"]}]
        }
    )

    kind: Literal["staff", "service"]
    name: Name
    roles: Annotated[list[Role], Field(min_length=1, max_length=20)]
    mall_ids: Ids | None = None
    shop_ids: Ids | None = None


class ClientAnswer(BaseModel):
    """A client."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_CLIENT]})

    client_id: str
    kind: str
    name: str
    roles: list[str]
    mall_ids: list[UUID] | None
    shop_ids: list[UUID] | None
    created_at: datetime
    disabled_at: datetime | None


class ClientCreated(ClientAnswer):
    """A new client and its secret, which is shown this once."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_CLIENT, "client_secret": "aS3cret…"}]}
    )

    client_secret: str


class ClientPage(BaseModel):
    """Clients in order of id."""

    items: list[ClientAnswer]
    next: str | None = Field(
        description="cursor of the next page; null on the last", examples=[None, "Y2FmZQ"]
    )


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Make a client",
    response_model=ClientCreated,
)
async def post_client(
    body: ClientRequest,
    staff: CurrentStaff,
    request: Request,
    session: Tx,
    now: Now,
    idempotency_key: IdempotencyKey,
) -> Any:
    """Make a staff or service client; its secret is in this answer and nowhere else. Role: admin.

    Roles are words that endpoints of all services ask for, such as `members`; 422 `role_unknown`
    lists those that there are.
    """
    require_role(staff, ADMIN)
    wanted = ClientWanted(
        body.kind,
        body.name,
        tuple(dict.fromkeys(body.roles)),
        None if body.mall_ids is None else tuple(body.mall_ids),
        None if body.shop_ids is None else tuple(body.shop_ids),
    )

    async def work() -> ClientCreated:
        scope = scope_of(staff)
        client, secret = await create_client(session, now, staff.program_id, scope, wanted)
        return ClientCreated(**_answer(client).model_dump(), client_secret=secret)

    return await once(
        request, session, now, staff, ("create_client", idempotency_key), wanted, 201, work
    )


def _answer(client: Client) -> ClientAnswer:
    return ClientAnswer.model_validate(client)


def _require_whole_programme(staff: Staff) -> None:
    require_role(staff, ADMIN)
    if not scope_of(staff).is_whole:
        raise OutOfScope("Clients belong to the whole programme.")


@router.get("", summary="List clients")
async def get_clients(
    staff: CurrentStaff, session: Tx, limit: Limit = 100, cursor: Cursor = None
) -> ClientPage:
    """The programme's clients, disabled ones too; never their secrets. Role: admin."""
    _require_whole_programme(staff)
    clients = await list_clients(session, staff.program_id, after(cursor), limit)
    last = clients[-1].client_id if len(clients) == limit else None
    return ClientPage(items=[_answer(client) for client in clients], next=next_cursor(last))


@router.delete("/{client_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Disable a client")
async def delete_client(
    client_id: Annotated[
        str, Path(pattern=r"^[\x21-\x7e]{1,100}$", examples=[_CLIENT["client_id"]])
    ],
    staff: CurrentStaff,
    session: Tx,
    now: Now,
) -> None:
    """It gets no more tokens; every service refuses those it holds within seconds. Role: admin."""
    _require_whole_programme(staff)
    await disable_client(session, now, staff.program_id, client_id)
