"""What endpoints ask for: a transaction, the time, and who is calling."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.auth import (
    Anyone,
    Member,
    Service,
    SignedRequest,
    Staff,
    Till,
    TokenMissing,
    TokenVerifier,
    WrongPrincipal,
    verify_till,
)
from shared.clock import Clock
from shared.consumer import Handlers
from shared.db import Statements, transaction
from shared.errors import Malformed
from shared.http.middleware import headers_of
from shared.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a process gives to its front doors. It sits at `app.state.runtime`."""

    service: str
    settings: ServiceSettings
    engine: AsyncEngine
    clock: Clock
    verifier: TokenVerifier
    handlers: Handlers = field(default_factory=dict)


def runtime_of(request: Request) -> Runtime:
    """The process's runtime."""
    found: Runtime = request.app.state.runtime
    return found


async def _now(request: Request) -> datetime:
    return runtime_of(request).clock()


Now = Annotated[datetime, Depends(_now)]


async def _open_tx(request: Request) -> AsyncIterator[AsyncSession]:
    async with transaction(runtime_of(request).engine) as session:
        yield session


def reads_of(request: Request) -> Statements:
    """Connections for single statements that only read: no transaction, no round trip for one."""
    found: Statements = request.app.state.reads
    return found


# "function" scope commits before the answer is sent; the default would commit after it.
Tx = Annotated[AsyncSession, Depends(_open_tx, scope="function")]


async def _principal(request: Request) -> Member | Staff | Service:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise TokenMissing("Send an access token: Authorization: Bearer <token>.")
    return await runtime_of(request).verifier.principal(token)


async def anyone(_: Request) -> Anyone:
    """Open to all: must not tell anything about anybody."""
    return Anyone()


async def current_member(request: Request) -> Member:
    """A member with a member token."""
    who = await _principal(request)
    if not isinstance(who, Member):
        raise WrongPrincipal("This is for members.")
    return who


async def current_staff(request: Request) -> Staff:
    """Staff of any role; the endpoint asks for the role it needs."""
    who = await _principal(request)
    if not isinstance(who, Staff):
        raise WrongPrincipal("This is for staff.")
    return who


async def member_or_staff(request: Request) -> Member | Staff:
    """A member for their own things, or staff."""
    who = await _principal(request)
    if not isinstance(who, Member | Staff):
        raise WrongPrincipal("This is for members and staff.")
    return who


async def staff_or_service(request: Request) -> Staff | Service:
    """Staff or another system."""
    who = await _principal(request)
    if not isinstance(who, Staff | Service):
        raise WrongPrincipal("This is for staff and services.")
    return who


async def current_till(request: Request) -> Till:
    """The till that signed this request, body and all."""
    runtime = runtime_of(request)
    # Not `request.url`: that is put together with the Host header, which is anybody's to choose.
    scope = request.scope
    signed = SignedRequest(scope["method"], scope["path"], await request.body(), headers_of(scope))
    return verify_till(
        runtime.settings.deployment_key.get_secret_value(),
        signed,
        int(runtime.clock().timestamp()),
        runtime.settings.signature_skew_seconds_max,
    )


TILL_SCHEMES: Mapping[str, str] = {
    "Galleria-Till": "programme/shop/till/key version",
    "Galleria-Id": "any text that is new for each message",
    "Galleria-Timestamp": "seconds since 1970",
    "Galleria-Signature": "v1= and the HMAC, see docs/tills.md",
}


class IdempotencyKeyMissing(Malformed):
    """This request needs an Idempotency-Key header: 1 to 128 visible characters."""


class IdempotencyKeyInvalid(Malformed):
    """The Idempotency-Key header is too long, or has characters that are not visible ASCII."""


_KEY_LENGTH_MAX = 128


async def _idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(description="the same key again gets the stored answer", examples=["try-1"]),
    ] = None,
) -> str:
    key = idempotency_key or ""
    if not key:
        raise IdempotencyKeyMissing("Send an Idempotency-Key header of 1 to 128 characters.")
    if len(key) > _KEY_LENGTH_MAX or not key.isascii() or not key.isprintable():
        raise IdempotencyKeyInvalid(
            "An Idempotency-Key has 1 to 128 characters of visible ASCII.",
            characters_max=_KEY_LENGTH_MAX,
        )
    return key


IdempotencyKey = Annotated[str, Depends(_idempotency_key)]
Public = Annotated[Anyone, Depends(anyone)]
CurrentMember = Annotated[Member, Depends(current_member)]
CurrentStaff = Annotated[Staff, Depends(current_staff)]
MemberOrStaff = Annotated[Member | Staff, Depends(member_or_staff)]
StaffOrService = Annotated[Staff | Service, Depends(staff_or_service)]
CurrentTill = Annotated[Till, Depends(current_till)]

# How each principal proves who they are, by the names of the OpenAPI document's schemes. The
# dependencies read the headers themselves: FastAPI's security classes would be a dependency each,
# and the four of a till cost a fifth of the work of a request.
PRINCIPALS: Mapping[Callable[..., Any], tuple[str, ...]] = {
    anyone: (),
    current_member: ("bearer",),
    current_staff: ("bearer",),
    member_or_staff: ("bearer",),
    staff_or_service: ("bearer",),
    current_till: tuple(TILL_SCHEMES),
}
