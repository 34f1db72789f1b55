"""Fill a new stack through the services' public interface, as a mall group's own systems would.

`python -m deploy.local.seed` reads `{"membership": url, "points": url, "token": …}` from standard
input and prints the demo till as JSON. Doing it again changes nothing.
"""

import json
import sys
import time
from typing import Any
from uuid import UUID

import httpx

from deploy.local.problem import StackProblem
from deploy.local.seed_data import TILL_IDS, demo_shop, directory, tier_scheme
from shared.auth import Till, till_headers

KNOWN_SECONDS_MAX = 60.0
BATCH_PATH = "/v1/pos-transactions/batch"


def seed(membership_url: str, points_url: str, token: str) -> dict[str, Any]:
    """Tiers, malls, brands, categories, shops and tills; the demo till once points knows it."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=membership_url, headers=headers, timeout=60) as membership:
        _send(membership, "PUT", "/v1/tier-scheme", tier_scheme())
        results = _send(membership, "PUT", "/v1/directory", directory())["items"]
        refused = [item for item in results if item["status"] == "rejected"]
        if refused:
            raise StackProblem(f"membership refused parts of the directory: {refused[:3]}")
        path = f"/v1/shops/{demo_shop()}/tills/{TILL_IDS[0]}/secret"
        till: dict[str, Any] = _send(membership, "GET", path)
    _wait_until_known(points_url, till)
    return till


def _send(client: httpx.Client, method: str, path: str, body: Any = None) -> Any:
    answer = client.request(method, path, json=body)
    if answer.status_code != 200:
        raise StackProblem(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
    return answer.json()


def _wait_until_known(points_url: str, till: dict[str, Any]) -> None:
    """Until the news of the directory has come to points: an unknown till is told to wait (503).

    Asked with a batch of one empty item, which is rejected and leaves no trace; an empty batch
    would be refused before anybody looks the till up.
    """
    deadline = time.monotonic() + KNOWN_SECONDS_MAX
    with httpx.Client(base_url=points_url, timeout=10) as points:
        while (answer := _post_useless_batch(points, till)).status_code == 503:
            if time.monotonic() > deadline:
                raise StackProblem(f"points still does not know the till: {answer.text[:500]}")
            time.sleep(0.1)
        if answer.status_code == 401:
            raise StackProblem(f"points refuses the till's signature: {answer.text[:500]}")


def _post_useless_batch(points: httpx.Client, till: dict[str, Any]) -> httpx.Response:
    body = b'{"transactions": [{}]}'
    named = Till(
        UUID(till["program_id"]), UUID(till["shop_id"]), till["till_id"], till["key_version"]
    )
    now = int(time.time())
    headers = till_headers(till["secret"], named, f"seed-{now}", now, BATCH_PATH, body)
    return points.post(
        BATCH_PATH, content=body, headers={**headers, "Content-Type": "application/json"}
    )


if __name__ == "__main__":
    told = json.load(sys.stdin)
    try:
        print(json.dumps(seed(told["membership"], told["points"], told["token"])))
    except (StackProblem, httpx.HTTPError) as problem:
        sys.exit(f"the stack could not be filled: {problem}")
