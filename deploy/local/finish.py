"""The last steps of a start: fill the directory, and write down how to reach everything."""

import json
from typing import Any

from deploy.local.parts import run_tool
from deploy.local.program import issue_token
from deploy.local.supervisor import Supervisor

TILL_FIELDS = ("shop_id", "till_id", "key_version", "secret")


def finish(supervisor: Supervisor) -> None:
    """Seed through the services' own interface, then write `stack.json`."""
    supervisor.say("filling the directory: malls, shops, brands, categories, tills, tiers")
    program = supervisor.secrets["program"]
    token = issue_token(supervisor.addresses, supervisor.secrets)
    till = _seed(supervisor, token)
    staff = {"client_id": program["client_id"], "secret": program["client_secret"], "token": token}
    credentials = {"staff": staff, "till": {name: till[name] for name in TILL_FIELDS}}
    supervisor.publish({"program_id": program["program_id"], "credentials": credentials})


def renew_token(supervisor: Supervisor) -> None:
    """Another day for the staff token of a stack that runs for long."""
    seeded = supervisor.seeded
    if seeded is not None:
        seeded["credentials"]["staff"]["token"] = issue_token(
            supervisor.addresses, supervisor.secrets
        )
        supervisor.publish(seeded)


def _seed(supervisor: Supervisor, token: str) -> dict[str, Any]:
    told = {
        "membership": supervisor.addresses.service_url("membership"),
        "points": supervisor.addresses.service_url("points"),
        "token": token,
    }
    *_, line = run_tool("deploy.local.seed", stdin=json.dumps(told))
    till: dict[str, Any] = json.loads(line)
    return till
