"""The stack's programme, its staff client and its directory, through membership's own doors."""

import base64
import json
import time
from typing import Any

from deploy.local.addresses import STAFF_TOKEN_HOURS, Addresses, service_environment
from deploy.local.layout import Layout
from deploy.local.marks import mark, read_marks, seed_digest
from deploy.local.parts import run_tool
from deploy.local.seed_data import CURRENCY, PROGRAM_NAME, REGION, TIME_ZONE

CLIENT_ID = "demo-staff"
TOKEN_SECONDS_LEFT_MIN = 12 * 3600
MEMBERSHIP = "services.membership"


def open_program(layout: Layout, addresses: Addresses, secrets: dict[str, Any]) -> None:
    """Make the programme and its staff client on the first start.

    The client's secret is told once, by the command that makes it, and noted.
    """
    if "program" in read_marks(layout):
        return
    asked = ["--name", PROGRAM_NAME, "--currency", CURRENCY, "--region", REGION]
    asked += ["--time-zone", TIME_ZONE, "--client-id", CLIENT_ID]
    environment = service_environment("membership", addresses, secrets)
    *_, line = run_tool(MEMBERSHIP, "create-program", *asked, environment=environment)
    mark(layout, program=json.loads(line))


def staff_token(layout: Layout, addresses: Addresses, secrets: dict[str, Any]) -> str:
    """A staff token that is good for half a day at least; a new one for STAFF_TOKEN_HOURS."""
    kept: str = read_marks(layout).get("token", "")
    if kept and _expires_at(kept) - time.time() > TOKEN_SECONDS_LEFT_MIN:
        return kept
    environment = service_environment("membership", addresses, secrets)
    asked = ["issue-token", "--client-id", CLIENT_ID, "--hours", str(STAFF_TOKEN_HOURS)]
    *_, token = run_tool(MEMBERSHIP, *asked, environment=environment)
    mark(layout, token=token)
    return token


def fill_directory(layout: Layout, addresses: Addresses, token: str) -> dict[str, Any]:
    """Seed what is not seeded yet; the demo till with its secret."""
    marks, digest = read_marks(layout), seed_digest()
    if marks.get("seed") == digest:
        kept: dict[str, Any] = marks["till"]
        return kept
    told = {
        "membership": addresses.service_url("membership"),
        "points": addresses.service_url("points"),
        "token": token,
    }
    *_, line = run_tool("deploy.local.seed", stdin=json.dumps(told))
    till: dict[str, Any] = json.loads(line)
    mark(layout, seed=digest, till=till)
    return till


def _expires_at(token: str) -> float:
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return float(claims["exp"])
