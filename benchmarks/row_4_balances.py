"""Row 4: members read their balance, 32 at a time, beside FastAPI with raw asyncpg."""

from benchmarks.measures import Figure, Measured, Trial
from benchmarks.run import Run
from benchmarks.servers import Server, free_port, open_server, play
from benchmarks.tokens import Issuer, open_issuer
from benchmarks.town import http_request

CLIENTS = 32
READERS = 1_000
UNIT = "requests/s"


def measure(run: Run) -> list[Figure]:
    """One process each; trials take turns. Readers' tokens are warm, as in a session of an app."""
    url = run.points_database("reads")
    port = free_port()
    ours: list[Trial] = []
    plain: list[Trial] = []
    with (
        open_issuer() as issuer,
        run.open_service("points", url, "api", jwks_url=issuer.jwks_url) as service,
        open_server(
            ["benchmarks.balance_app"],
            port,
            {"BALANCE_DATABASE_URL": url, "BALANCE_PORT": str(port)},
            run.engines.folder / "balance_app.log",
            "/ready",
        ) as app,
    ):
        requests = _requests(run, issuer)
        program_id = run.town.program_id
        plain_requests = [
            http_request("GET", f"/{program_id}/{member_id}", {})
            for member_id in run.town.member_ids[:READERS]
        ]
        for _ in range(run.sizes.trials + 1):
            ours.append(_reads(run, service, requests, "API"))
            plain.append(_reads(run, app, plain_requests, "plain app"))
            run.say(f"  {ours[-1].per_second:,.0f}/s; plain {plain[-1].per_second:,.0f}/s")
    return [
        Figure(
            row=4,
            name=f"Balance read, {CLIENTS} clients",
            measured=Measured("one API process, member tokens", UNIT, ours[1:]),
            ceiling=Measured("FastAPI + raw asyncpg, no auth", UNIT, plain[1:]),
            hold=0.6,
            reach=0.95,
        )
    ]


def _requests(run: Run, issuer: Issuer) -> list[bytes]:
    program_id = run.town.program_id
    return [
        http_request(
            "GET",
            f"/v1/members/{member_id}/points",
            {"Authorization": f"Bearer {issuer.member_token(program_id, member_id)}"},
        )
        for member_id in run.town.member_ids[:READERS]
    ]


def _reads(run: Run, server: Server, requests: list[bytes], name: str) -> Trial:
    times = -(-run.sizes.reads // len(requests))
    return play(
        run.engines.folder,
        [server],
        requests * times,
        CLIENTS,
        status=200,
        meter_groups={name: [server.pid], "PostgreSQL": [run.engines.postgres.pid]},
    )
