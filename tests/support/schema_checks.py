"""Schemathesis against an app in this process: no 500, and nothing that its document does not say.

A service's test needs a few lines:

    async def test_the_document_keeps_its_word(client, app) -> None:
        await check_schema(client, app.openapi(), headers_for, known={"member_id": str(member_id)})

Cases are drawn first and sent then, by the test's own event loop. The seed is printed; another
one comes by GALLERIA_SCHEMA_SEED.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

SEED = int(os.environ.get("GALLERIA_SCHEMA_SEED", "20260310"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# (method, path as the service will see it, body) to the headers that let the caller in.
HeadersFor = Callable[[str, str, bytes], Mapping[str, str]]


async def check_schema(
    client: httpx.AsyncClient,
    document: dict[str, Any],
    headers_for: HeadersFor,
    *,
    known: Mapping[str, Any] | None = None,
    examples: int = 15,
    answered: dict[str, set[str]] | None = None,
) -> int:
    """Try every operation with valid and broken input; half of it names the `known` path values.

    Returns how many requests were sent, and adds to `answered` the statuses and codes of each
    operation, by method and path as the document has them. Raises Schemathesis' failures, which
    show the request.
    """
    print(f"schema checks: GALLERIA_SCHEMA_SEED={SEED}")
    schema = schemathesis.openapi.from_dict(document)
    sent = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        for case in _cases(operation, known or {}, examples):
            answer = await client.send(_request(client, case, headers_for))
            case.validate_response(answer, checks=CHECKS)
            sent += 1
            if answered is not None:
                answered.setdefault(operation.label, set()).add(_said(answer))
    return sent


def _said(answer: httpx.Response) -> str:
    """The status, and the code of a problem: "201", "422 validation_failed"."""
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return (
        f"{answer.status_code} {answer.json()['code']}" if is_problem else f"{answer.status_code}"
    )


def operations_of(document: dict[str, Any]) -> set[str]:
    """All operations of the document, by method and path."""
    return {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
    }


def _cases(
    operation: APIOperation[Any, Any, Any, Any], known: Mapping[str, Any], examples: int
) -> Iterator[Case[Any]]:
    """Valid input, valid input about things that exist, and broken input, a third each."""
    named = {p.name for p in operation.path_parameters}
    fixed = {name: value for name, value in known.items() if name in named}
    ways: list[tuple[GenerationMode, dict[str, Any]]] = [
        (GenerationMode.POSITIVE, {}),
        (GenerationMode.POSITIVE, fixed),
        (GenerationMode.NEGATIVE, {}),
    ]
    for mode, path_parameters in ways:
        strategy = operation.as_strategy(
            generation_mode=mode, path_parameters=path_parameters or None
        )
        try:
            yield from _draw(strategy, max(1, examples // len(ways)))
        except Unsatisfiable:
            # Where nothing is sent, nothing can be broken.
            assert mode is GenerationMode.NEGATIVE


def _draw(strategy: SearchStrategy[Case[Any]], examples: int) -> list[Case[Any]]:
    drawn: list[Case[Any]] = []

    @seed(SEED)
    @settings(
        max_examples=examples,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def collect(case: Case[Any]) -> None:
        drawn.append(case)

    collect()
    return drawn


def _request(client: httpx.AsyncClient, case: Case[Any], headers_for: HeadersFor) -> httpx.Request:
    prepared = requests.Request(**case.as_transport_kwargs("http://test")).prepare()
    body = prepared.body or b""
    raw = body.encode() if isinstance(body, str) else bytes(body)
    assert prepared.method is not None
    assert prepared.url is not None
    path = unquote(urlsplit(prepared.url).path)
    headers: dict[Any, Any] = {
        name: value.encode("latin-1", "replace") if isinstance(value, str) else value
        for name, value in prepared.headers.items()
    }
    ours = headers_for(prepared.method, path, raw)
    for name in [n for n in headers if n.lower() in {o.lower() for o in ours}]:
        del headers[name]
    return client.build_request(
        prepared.method, prepared.url, content=raw, headers={**headers, **ours}
    )
