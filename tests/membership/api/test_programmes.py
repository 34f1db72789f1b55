"""The one door before all principals: a front end speaks for its own programme's members only.

Every other route is tried with another programme's principal in test_app.py.
"""

import httpx

from shared.ids import new_id
from tests.membership.world import World

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


async def test_a_front_end_of_another_programme_gets_no_token_for_a_member(
    client: httpx.AsyncClient, world: World, other_world: World
) -> None:
    member = await world.enrol_one()
    front_ends = {}
    for name, home in (("ours", world), ("theirs", other_world)):
        made = await client.post(
            "/v1/clients",
            json={"kind": "service", "name": "Mini-program", "roles": ["front_end"]},
            headers={**home.staff(), "Idempotency-Key": new_id().hex},
        )
        front_ends[name] = {
            "grant_type": EXCHANGE,
            "client_id": made.json()["client_id"],
            "client_secret": made.json()["client_secret"],
            "subject_token": str(member.member_id),
            "subject_token_type": "urn:galleria:member-id",
        }
    ours = await client.post("/v1/oauth/token", data=front_ends["ours"])
    assert ours.status_code == 200, ours.text
    theirs = await client.post("/v1/oauth/token", data=front_ends["theirs"])
    assert (theirs.status_code, theirs.json()["error"]) == (400, "invalid_grant")
