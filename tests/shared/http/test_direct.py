"""Direct routes answer as all others do, and refuse endpoints that ask for more."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response

from shared.clock import utc_now
from shared.http import problems
from shared.http.depends import CurrentStaff, Public
from shared.http.direct import DirectRoute
from shared.http.documents import describe

router = APIRouter(prefix="/v1/echo", route_class=DirectRoute)


@router.post("", status_code=201)
async def echo(request: Request, who: Public) -> Response:
    """Answers with the body."""
    return Response(await request.body(), 201)


@router.get("")
async def secret(request: Request, staff: CurrentStaff) -> Response:
    """For staff."""
    return Response(staff.subject)


def make_app() -> FastAPI:
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    describe(app, utc_now)
    return app


async def test_the_endpoint_gets_the_raw_body_and_the_caller() -> None:
    transport = httpx.ASGITransport(app=make_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.post("/v1/echo", content=b"\xff{")
        assert (answer.status_code, answer.content) == (201, b"\xff{")
        refused = await client.get("/v1/echo")
    assert (refused.status_code, refused.json()["code"]) == (401, "token_missing")


def test_the_document_knows_who_may_call() -> None:
    document = make_app().openapi()
    assert document["paths"]["/v1/echo"]["get"]["security"] == [{"bearer": []}]
    assert "security" not in document["paths"]["/v1/echo"]["post"]


def test_an_endpoint_that_asks_for_more_is_refused_at_once() -> None:
    async def greedy(request: Request, who: Public, limit: int) -> Response:
        return Response()

    with pytest.raises(TypeError, match="takes the request and one principal"):
        APIRouter(route_class=DirectRoute).get("/greedy")(greedy)
