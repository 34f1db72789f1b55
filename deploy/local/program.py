"""The stack's programme and its staff client, through membership's own commands."""

import json
from typing import Any

from deploy.local.addresses import Addresses, service_environment
from deploy.local.files import write_json
from deploy.local.layout import Layout
from deploy.local.parts import run_tool
from deploy.local.seed_data import CURRENCY, PROGRAM_NAME, REGION, TIME_ZONE

CLIENT_ID = "demo-staff"
TOKEN_HOURS = 24
MODULE = "services.membership"


def open_program(layout: Layout, addresses: Addresses, secrets: dict[str, Any]) -> dict[str, str]:
    """`program_id`, `client_id` and `client_secret`; the programme is made on the first start.

    The secret is told once, by the command that makes the client, and kept with the other secrets.
    """
    kept: dict[str, str] = secrets.get("program", {})
    if kept:
        return kept
    asked = ["--name", PROGRAM_NAME, "--currency", CURRENCY, "--region", REGION]
    asked += ["--time-zone", TIME_ZONE, "--client-id", CLIENT_ID]
    environment = service_environment("membership", addresses, secrets)
    *_, line = run_tool(MODULE, "create-program", *asked, environment=environment)
    made: dict[str, str] = json.loads(line)
    secrets["program"] = made
    write_json(layout.secrets_file, secrets)
    return made


def issue_token(addresses: Addresses, secrets: dict[str, Any]) -> str:
    """A staff token that is good for TOKEN_HOURS."""
    environment = service_environment("membership", addresses, secrets)
    asked = ["issue-token", "--client-id", CLIENT_ID, "--hours", str(TOKEN_HOURS)]
    *_, token = run_tool(MODULE, *asked, environment=environment)
    return token
