"""Claims say what `shared.auth` reads."""

from datetime import UTC, datetime
from uuid import UUID

from services.membership.domain.access.clients import (
    AUDIENCE,
    Client,
    client_claims,
    member_claims,
    token_claims,
)
from shared import auth
from shared.auth import Member, Service, Staff, principal_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
PROGRAM, MALL, SHOP = UUID(int=1), UUID(int=2), UUID(int=3)


def test_a_scoped_staff_client_reads_back_as_scoped_staff() -> None:
    client = Client(PROGRAM, "c", "staff", "N", ("members",), (MALL,), (SHOP,), NOW, None)
    claims = token_claims("issuer", NOW, 900, UUID(int=9), client_claims(client))
    assert principal_of(claims) == Staff(
        PROGRAM, "c", frozenset({"members"}), frozenset({MALL}), frozenset({SHOP})
    )
    assert claims["exp"] - claims["iat"] == 900
    assert (claims["iss"], claims["jti"]) == ("issuer", str(UUID(int=9)))


def test_a_client_without_a_scope_reads_back_as_the_whole_programmes() -> None:
    staff = Client(PROGRAM, "c", "staff", "N", ("admin",), None, None, NOW, None)
    assert principal_of(client_claims(staff)) == Staff(PROGRAM, "c", frozenset({"admin"}))
    service = Client(PROGRAM, "s", "service", "N", ("front_end",), None, None, NOW, None)
    assert principal_of(client_claims(service)) == Service(PROGRAM, "s", frozenset({"front_end"}))


def test_a_member_reads_back_as_the_member() -> None:
    assert principal_of(member_claims(PROGRAM, UUID(int=7), "front")) == Member(
        PROGRAM, UUID(int=7)
    )


def test_tokens_are_for_those_who_check_them() -> None:
    assert AUDIENCE == auth.AUDIENCE
