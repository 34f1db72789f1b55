"""Member tokens of the run's own key, and a little server that publishes it as JWKS."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from shared.auth import AUDIENCE
from shared.clock import unix_seconds

_KID = "benchmark"
LIFETIME_SECONDS = 3_600


class Issuer:
    """Signs tokens; its public key is at `jwks_url`."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, jwks_url: str) -> None:
        self._key = key
        self.jwks_url = jwks_url

    def member_token(self, program_id: UUID, member_id: UUID) -> str:
        """An access token as membership gives it to a front end for a member."""
        return self._token(program_id, "member", str(member_id))

    def staff_token(self, program_id: UUID) -> str:
        """An access token of an administrator."""
        return self._token(program_id, "staff", "benchmark", rol=["admin"])

    def _token(self, program_id: UUID, kind: str, subject: str, **more: object) -> str:
        now = unix_seconds()
        claims = {
            "iss": "galleria",
            "aud": AUDIENCE,
            "sub": subject,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "prg": str(program_id),
            "knd": kind,
            **more,
        }
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": _KID})


@contextmanager
def open_issuer() -> Iterator[Issuer]:
    """An issuer whose keys can be read over HTTP until the block ends."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    document = {"keys": [{**jwk, "kid": _KID, "alg": "ES256", "use": "sig"}]}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(json.dumps(document).encode()))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Issuer(key, f"http://127.0.0.1:{server.server_port}/jwks.json")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(body: bytes) -> type[BaseHTTPRequestHandler]:
    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """The run's output is for results."""

    return Keys
