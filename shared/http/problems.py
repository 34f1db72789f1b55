"""Every refusal as RFC 9457 `application/problem+json` with a stable machine `code`."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import sqlalchemy.exc
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from shared.db import DatabaseUnavailable, is_passing
from shared.errors import Category, DomainError
from shared.logs import correlation_id, get_log

log = get_log()
MEDIA_TYPE = "application/problem+json"

STATUS_OF = {
    Category.MALFORMED: 400,
    Category.REJECTED: 422,
    Category.NOT_FOUND: 404,
    Category.CONFLICT: 409,
    Category.FORBIDDEN: 403,
    Category.UNAUTHENTICATED: 401,
    Category.UNAVAILABLE: 503,
}
BODY_TOO_LARGE = "body_too_large"
_CODE_OF_STATUS = {
    400: "bad_request",
    401: "unauthenticated",
    404: "no_such_route",
    405: "method_not_allowed",
    413: BODY_TOO_LARGE,
    415: "wrong_content_type",
}
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
# Pydantic's own words for these quote what was sent.
_SAID_INSTEAD = {
    "uuid_parsing": "Input should be a valid UUID",
    "union_tag_invalid": "The tag is none of the documented ones",
}
_OWN_WORDS = {"value_error", "assertion_error"}
_QUOTED_LETTERS_MIN = 4


class FieldProblem(BaseModel):
    """What is wrong with one field; never the value that was sent."""

    field: str = Field(examples=["body.lines.0.amount_minor"])
    problem: str = Field(examples=["Input should be a valid integer"])
    type: str = Field(examples=["int_type"])


class Problem(BaseModel):
    """RFC 9457. `code` is for machines and never changes; `detail` says what to do."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:galleria:problem:insufficient_points"])
    title: str = Field(examples=["Insufficient points"])
    status: int = Field(examples=[422])
    code: str = Field(examples=["insufficient_points"])
    detail: str = Field(examples=["The balance is 40 points; 60 more are needed."])
    correlation_id: str = Field(examples=["0199f3a2c1d07b7e"])
    errors: list[FieldProblem] | None = None


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "model": Problem,
        "description": description,
        "content": {MEDIA_TYPE: {}},
    }
    for status, description in {
        400: "The request cannot be read: not JSON, or a header is missing or malformed.",
        401: "Nobody, or the token or signature is not good.",
        403: "Known, but not allowed to do this.",
        404: "No such thing for this caller.",
        405: "This address does not take that method.",
        409: "Contradicts what is stored.",
        413: "The body is larger than this service takes.",
        415: "The body must be of the documented content type.",
        422: "Well formed, but it breaks a rule; `errors` or `detail` says which.",
        503: "Nothing is wrong with the request; send the same again after `Retry-After`.",
    }.items()
}


def problem(
    status: int, code: str, detail: str, headers: dict[str, str] | None = None, /, **facts: Any
) -> JSONResponse:
    """A problem document as a response. `facts` are further members; they replace no other."""
    body = {
        **facts,
        "type": f"urn:galleria:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
        "correlation_id": correlation_id.get(),
    }
    if status == 503:
        headers = {"Retry-After": "1", **(headers or {})}
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer", **(headers or {})}
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def refusal(error: DomainError) -> JSONResponse:
    """The answer to a refusal by a rule."""
    facts = {name: value for name, value in error.facts.items() if value is not None}
    return problem(STATUS_OF[error.category], error.code, error.detail, **facts)


def field_problems(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Pydantic's findings without the input: names of unknown fields only if they are plain."""
    found = []
    for error in errors[:50]:
        shown = [
            str(part) if isinstance(part, int) or _FIELD_NAME.fullmatch(part) else "<unknown>"
            for part in error["loc"]
        ]
        found.append({"field": ".".join(shown), "problem": _message(error), "type": error["type"]})
    return found


def _message(error: Any) -> str:
    kind, said = error["type"], str(error["msg"])
    if kind in _OWN_WORDS and _quotes(said, error.get("input")):
        return "The value is not acceptable"
    return _SAID_INSTEAD.get(kind, said)


def _quotes(said: str, sent: Any) -> bool:
    """Whether a validator of ours (or the library that it asked) repeats a piece of the input.

    Names of fields are no such piece: a rule over several fields has to say which.
    """
    if isinstance(sent, dict):
        odd = (key for key in sent if not _FIELD_NAME.fullmatch(str(key)))
        return any(_quotes(said, piece) for piece in (*odd, *sent.values()))
    if isinstance(sent, list | tuple):
        return any(_quotes(said, value) for value in sent)
    piece = str(sent)
    return len(piece) >= _QUOTED_LETTERS_MIN and piece in said


def unreadable(error: ValidationError) -> JSONResponse:
    """The answer to a raw body that its model refuses."""
    return _invalid(error.errors(include_context=False, include_url=False))


def _invalid(errors: Sequence[Any]) -> JSONResponse:
    if any(e["type"] == "json_invalid" for e in errors):
        return problem(400, "body_not_json", "The body is not valid JSON.")
    return problem(
        422,
        "validation_failed",
        "Some fields break the documented schema; see errors.",
        errors=field_problems(errors),
    )


_ANSWERED = (
    DomainError,
    RequestValidationError,
    ValidationError,
    HTTPException,
    sqlalchemy.exc.DBAPIError,
    asyncpg.PostgresError,
)


def answer_to(error: Exception) -> JSONResponse:
    """The problem document for an error of one of the kinds that have an answer."""
    match error:
        case DomainError():
            return refusal(error)
        case RequestValidationError():
            return _invalid(error.errors())
        case ValidationError():
            return unreadable(error)
        case HTTPException():
            code = _CODE_OF_STATUS.get(error.status_code, "refused")
            headers = dict(error.headers or {})
            return problem(error.status_code, code, str(error.detail), headers)
        case _:
            return _database_problem(error)


async def answer_or_problem(
    answer: Callable[[Request], Awaitable[Response]], request: Request
) -> Response:
    """What `answer` says, or the problem document for what it raises."""
    try:
        return await answer(request)
    except _ANSWERED as error:
        return answer_to(error)


def install(app: FastAPI) -> None:
    """Have the app answer every error with a problem document."""

    async def handle(_: Request, error: Exception) -> JSONResponse:
        return answer_to(error)

    for kind in _ANSWERED:
        app.add_exception_handler(kind, handle)


def _database_problem(error: Exception) -> JSONResponse:
    if is_passing(error):
        return refusal(DatabaseUnavailable("The database is not available right now. Try again."))
    inner = getattr(error, "orig", error)
    if str(getattr(inner, "sqlstate", "")).startswith("22"):
        return problem(422, "value_not_storable", "A value is outside of what can be stored.")
    log.error("database_refused", error=repr(error))
    return problem(500, "internal_error", "Something is wrong here; it has been recorded.")
