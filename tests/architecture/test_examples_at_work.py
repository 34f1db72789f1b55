"""The examples work: sent as they stand, by staff and tills of a seeded programme, all succeed."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any
from uuid import UUID

import httpx
import jsonschema_rs
import pytest

from deploy.local.seed_data import CURRENCY, REGION, TIME_ZONE, directory, tier_scheme
from services.membership.storage.programs.programs import Program, insert_program
from shared.auth import Till
from shared.clock import utc_now
from shared.db import transaction
from shared.ids import new_id
from tests.architecture.test_examples import UUID_TEXT, examples_of, named, operations
from tests.architecture.test_routes import SERVICES
from tests.support.engines import MakeDatabase
from tests.support.service import (
    make_runtime,
    make_settings,
    open_client,
    open_engine,
    post_signed,
)
from tests.support.tokens import staff_headers

Asked = tuple[str, str, Any, dict[str, Any]]  # method, address, body or None, operation


@asynccontextmanager
async def open_stack(
    service: str, worker_database: MakeDatabase, program_id: UUID
) -> AsyncIterator[tuple[httpx.AsyncClient, dict[str, Any]]]:
    """The service, and membership filled as the local stack fills it, with its document."""
    definition = import_module(f"services.{service}.__main__").SERVICE
    settings = make_settings(definition.settings, worker_database(service))
    async with open_engine(settings.database_url) as engine:
        if service == "membership":
            program = Program(program_id, "Galleria", CURRENCY, REGION, TIME_ZONE)
            async with transaction(engine) as session:
                await insert_program(session, program, utc_now())
        runtime = make_runtime(service, settings, engine, utc_now, definition.handlers)
        app = definition.build_app(runtime, ())
        async with open_client(app) as client:
            client.headers.update(staff_headers(utc_now, program_id))
            if service == "membership":
                for path, body in (("tier-scheme", tier_scheme()), ("directory", directory())):
                    answer = await client.put(f"/v1/{path}", json=body)
                    assert answer.status_code == 200, answer.text
            yield client, app.openapi()


def asked(document: dict[str, Any]) -> Iterator[Asked]:
    """Every request that needs no id, no client's secret, and that takes nothing away."""
    for where, operation in operations(document):
        method, path = where.split()
        parameters = operation.get("parameters", [])
        needed = [parameter for parameter in parameters if parameter["required"]]
        if (
            method == "DELETE"
            or not path.startswith("/v1/")
            or "security" not in operation
            or path == "/v1/oauth/token"
            or any(parameter["schema"].get("format") == "uuid" for parameter in needed)
        ):
            continue
        values = {p["name"]: examples_of(document, p["schema"])[0] for p in needed}
        for body in _bodies(document, operation):
            if not any(UUID_TEXT.fullmatch(value) for _, value in named(body)):
                yield method, path.format(**values), body, operation


def _bodies(document: dict[str, Any], operation: dict[str, Any]) -> list[Any]:
    if "requestBody" not in operation:
        return [None]
    media = operation["requestBody"]["content"]["application/json"]
    shown = [one["value"] for one in media.get("examples", {}).values()]
    return shown or examples_of(document, media["schema"])


def assert_documented(
    document: dict[str, Any], operation: dict[str, Any], answer: httpx.Response
) -> None:
    documented = operation["responses"][str(answer.status_code)]
    schema = documented["content"]["application/json"]["schema"]
    validator = jsonschema_rs.Draft202012Validator(
        {**schema, "components": document["components"]}, validate_formats=True
    )
    assert [str(error) for error in validator.iter_errors(answer.json())] == []


async def _till(client: httpx.AsyncClient) -> Till:
    secret = (await client.get("/v1/shops/s367/tills/T1/secret")).json()
    return Till(
        UUID(secret["program_id"]), UUID(secret["shop_id"]), "T1", int(secret["key_version"])
    )


# How many requests of each service can be sent without an id, so that none goes missing unseen.
COUNTS = {"membership": 27, "points": 28, "campaigns": 5, "notifications": 6}


@pytest.mark.parametrize("service", SERVICES)
async def test_the_examples_work_on_a_seeded_programme(
    worker_database: MakeDatabase, service: str
) -> None:
    program_id = new_id()
    count = 0
    async with open_stack(service, worker_database, program_id) as (client, document):
        for method, path, body, operation in asked(document):
            if {"bearer": []} in operation["security"]:
                key = {"Idempotency-Key": new_id().hex}
                answer = await client.request(method, path, json=body, headers=key)
            else:
                raw = json.dumps(body).encode()
                answer = await post_signed(client, utc_now, await _till(client), path, raw)
            assert answer.status_code in (200, 201, 202), f"{method} {path}: {answer.text}"
            assert_documented(document, operation, answer)
            count += 1
    assert count == COUNTS[service]
