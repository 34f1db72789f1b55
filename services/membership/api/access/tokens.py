"""Access tokens (RFC 6749, RFC 8693) and the keys to check them with (RFC 7517)."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

from fastapi import APIRouter, Request, Security
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBasic
from pydantic import BaseModel, ConfigDict, Field

from services.membership.api.principals import settings_of
from services.membership.domain.access.errors import ClientInvalid, ClientNotAllowed, SubjectUnknown
from services.membership.queries.access.jwks import read_jwks
from services.membership.settings import MembershipSettings
from services.membership.usecases.access.issue_client_token import issue_client_token
from services.membership.usecases.access.issue_member_token import issue_member_token
from shared.http.depends import Now, Public, Tx
from shared.http.problems import problem

router = APIRouter(tags=["tokens"])

CLIENT_CREDENTIALS = "client_credentials"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
MEMBER_ID = "urn:galleria:member-id"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,100}")
_FIELDS_MAX = 20

_basic = HTTPBasic(auto_error=False, description="Client id and secret, or send them as fields.")


class TokenAnswer(BaseModel):
    """A bearer token; ask for a new one before it ends."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "access_token": "eyJhbGciOiJFUzI1NiIsImtpZCI6…",
                    "token_type": "Bearer",
                    "expires_in": 900,
                    "issued_token_type": ACCESS_TOKEN,
                }
            ]
        }
    )

    access_token: str
    token_type: str = "Bearer"
    expires_in: int = Field(description="seconds")
    issued_token_type: str = ACCESS_TOKEN


class Jwks(BaseModel):
    """A JSON Web Key Set."""

    keys: list[dict[str, Any]] = Field(
        examples=[[{"kty": "EC", "crv": "P-256", "kid": "0199…", "alg": "ES256", "use": "sig"}]]
    )


class TokenRefused(Exception):
    """The request breaks the protocol; `error` is RFC 6749's word for it."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error = error
        self.detail = detail


_FORM_SCHEMA = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": [CLIENT_CREDENTIALS, TOKEN_EXCHANGE]},
        "client_id": {"type": "string"},
        "client_secret": {"type": "string", "format": "password"},
        "subject_token": {"type": "string", "description": "a member id, for token exchange"},
        "subject_token_type": {"type": "string", "enum": [MEMBER_ID]},
    },
}
_FORM_EXAMPLES = {
    "client": {
        "summary": "Staff or another system",
        "value": {
            "grant_type": CLIENT_CREDENTIALS,
            "client_id": "admin",
            "client_secret": "…",
        },
    },
    "member": {
        "summary": "A member, through a trusted front end",
        "value": {
            "grant_type": TOKEN_EXCHANGE,
            "client_id": "service-0199f3a2c1d07b7e8000000000000001",
            "client_secret": "…",
            "subject_token": "0199f3a2-c1d0-7b7e-8000-000000000001",
            "subject_token_type": MEMBER_ID,
        },
    },
}


@router.post(
    "/v1/oauth/token",
    summary="Get an access token",
    response_model=TokenAnswer,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": _FORM_SCHEMA,
                    "examples": _FORM_EXAMPLES,
                }
            },
        }
    },
)
async def get_token(
    _: Public,
    __: Annotated[Any, Security(_basic)],
    request: Request,
    session: Tx,
    now: Now,
) -> Any:
    """Client credentials for staff and services; token exchange for a front end's members.

    The client proves itself by HTTP Basic or by `client_id` and `client_secret` in the form, never
    both. Refusals carry RFC 6749's `error` beside the usual `code`.

    Fill in `client_id` and `client_secret`; the local stack shows one of staff when it is up.
    """
    try:
        form = _read_form(await request.body())
        client_id, secret = _read_client(request, form)
        return await _grant(settings_of(request), session, now, form, client_id, secret)
    except TokenRefused as error:
        return problem(400, error.error, error.detail, error=error.error)
    except ClientInvalid as error:
        headers = {"WWW-Authenticate": 'Basic realm="galleria"'}
        return problem(401, "invalid_client", error.detail, headers, error="invalid_client")
    except ClientNotAllowed as error:
        return problem(400, "unauthorized_client", error.detail, error="unauthorized_client")
    except SubjectUnknown as error:
        return problem(400, "invalid_grant", error.detail, error="invalid_grant")


async def _grant(
    settings: MembershipSettings,
    session: Tx,
    now: Now,
    form: Mapping[str, str],
    client_id: str,
    secret: str,
) -> Response:
    common = (session, now, settings.token_sealing_key, settings.token_issuer)
    lifetime = settings.token_seconds
    match form.get("grant_type"):
        case "client_credentials":
            token = await issue_client_token(*common, lifetime, client_id, secret)
        case grant if grant == TOKEN_EXCHANGE:
            member_id = _read_subject(form)
            token = await issue_member_token(*common, lifetime, client_id, secret, member_id)
        case None:
            raise TokenRefused("invalid_request", "Say a grant_type.")
        case _:
            raise TokenRefused("unsupported_grant_type", "See the documentation for the grants.")
    answer = TokenAnswer(access_token=token, expires_in=lifetime)
    return JSONResponse(answer.model_dump(), headers={"Cache-Control": "no-store"})


def _read_form(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qsl(
            body.decode("ascii"),
            True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=_FIELDS_MAX,
        )
    except (UnicodeError, ValueError) as error:
        raise TokenRefused("invalid_request", "The form cannot be read.") from error
    if len({name for name, _ in fields}) < len(fields):
        raise TokenRefused("invalid_request", "A field is there twice.")
    return dict(fields)


def _read_client(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Who asks. Raises `TokenRefused`, or `ClientInvalid` when nobody does."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        if "client_secret" in form:
            raise TokenRefused("invalid_request", "Prove the client in one way, not in two.")
        client_id, secret = _read_basic(credentials)
    else:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if not _CLIENT_ID.fullmatch(client_id) or not secret or len(secret) > 1_000:
        raise ClientInvalid("Send client_id and client_secret, by HTTP Basic or in the form.")
    return client_id, secret


def _read_basic(credentials: str) -> tuple[str, str]:
    try:
        pair = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise ClientInvalid("The Authorization header cannot be read.") from error
    client_id, _, secret = pair.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _read_subject(form: Mapping[str, str]) -> UUID:
    if form.get("subject_token_type") != MEMBER_ID:
        raise TokenRefused("invalid_request", f"subject_token_type must be {MEMBER_ID}.")
    try:
        return UUID(form.get("subject_token", ""))
    except ValueError as error:
        raise TokenRefused("invalid_request", "subject_token must be a member id.") from error


@router.get("/.well-known/jwks.json", summary="Read the keys that tokens are checked with")
async def get_jwks(_: Public, session: Tx, now: Now, response: Response) -> Jwks:
    """Public keys in use, and retired ones whose tokens may still live."""
    response.headers["Cache-Control"] = "public, max-age=60"
    return Jwks.model_validate(await read_jwks(session, now))
