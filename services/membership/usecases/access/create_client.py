"""Make an OAuth client for staff or another system."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.access.client_secrets import hash_secret
from services.membership.domain.access.clients import Client
from services.membership.domain.access.errors import RoleUnknown, ScopeTooWide
from services.membership.domain.directory.directory import Scope
from services.membership.domain.directory.errors import MallUnknown, ShopUnknown
from services.membership.storage.access.clients import insert_client
from services.membership.storage.directory.scopes import find_mall_ids, find_shop_malls
from shared.auth.roles import ROLES
from shared.errors import Invariant
from shared.ids import new_id, new_secret


@dataclass(frozen=True, slots=True)
class ClientWanted:
    """A client; None for malls or shops means all of the programme's."""

    kind: Literal["staff", "service"]
    name: str
    roles: tuple[str, ...]
    mall_ids: tuple[UUID, ...] | None
    shop_ids: tuple[UUID, ...] | None


async def create_client(
    session: AsyncSession, now: datetime, program_id: UUID, scope: Scope, wanted: ClientWanted
) -> tuple[Client, str]:
    """The client and its secret, which is not kept and cannot be shown again.

    Raises `RoleUnknown`, `MallUnknown`, `ShopUnknown`, and `ScopeTooWide` when `scope` (the
    administrator's) does not cover what is wanted.
    """
    if set(wanted.roles) - ROLES:
        raise RoleUnknown("A role is none that there is; see roles.", roles=sorted(ROLES))
    malls = await find_mall_ids(session, program_id, wanted.mall_ids or ())
    shops = await find_shop_malls(session, program_id, wanted.shop_ids or ())
    if set(wanted.mall_ids or ()) - malls:
        raise MallUnknown("A mall of the scope does not exist.")
    if set(wanted.shop_ids or ()) - shops.keys():
        raise ShopUnknown("A shop of the scope does not exist.")
    if not scope.is_whole and not _is_within(scope, wanted, shops):
        raise ScopeTooWide("The client's scope must lie within your own.")
    secret = new_secret()
    client = Client(
        program_id,
        f"{wanted.kind}-{new_id().hex}",
        wanted.kind,
        wanted.name,
        wanted.roles,
        wanted.mall_ids,
        wanted.shop_ids,
        now,
        None,
    )
    if not await insert_client(session, client, await asyncio.to_thread(hash_secret, secret)):
        raise Invariant("a new client id was taken")
    return client, secret


def _is_within(scope: Scope, wanted: ClientWanted, shop_malls: dict[UUID, UUID]) -> bool:
    if wanted.kind == "service" or (wanted.mall_ids is None and wanted.shop_ids is None):
        return False  # A service, or a client without a scope, speaks for the whole programme.
    own_malls, own_shops = scope.mall_ids or frozenset(), scope.shop_ids or frozenset()
    return set(wanted.mall_ids or ()) <= own_malls and all(
        shop in own_shops or mall in own_malls for shop, mall in shop_malls.items()
    )
