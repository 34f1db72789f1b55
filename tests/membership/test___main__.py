"""The commands, as an operator runs them."""

import json
import os
import subprocess
import sys

import pytest

from services.membership.settings import MembershipSettings
from shared.ids import new_id
from tests.support.engines import MakeDatabase
from tests.support.service import DEPLOYMENT_KEY, make_settings


@pytest.fixture
def settings(make_database: MakeDatabase) -> MembershipSettings:
    """A database of the test's own: commands go by the real clock, and keys are everybody's."""
    return make_settings(MembershipSettings, make_database("membership"))


def _run(settings: MembershipSettings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "services.membership", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            **os.environ,
            "MEMBERSHIP_DATABASE_URL": settings.database_url,
            "MEMBERSHIP_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
            "MEMBERSHIP_DEPLOYMENT_KEY": DEPLOYMENT_KEY,
            "MEMBERSHIP_JWKS_URL": "http://127.0.0.1:1/",
        },
    )


def test_a_programme_is_started_by_two_commands(settings: MembershipSettings) -> None:
    client_id = f"admin-{new_id().hex}"
    create = ("create-program", "--name", "R", "--currency", "CNY", "--client-id", client_id)
    first, again = (json.loads(_run(settings, *create).stdout) for _ in range(2))
    assert first["client_secret"]
    assert again == {**first, "client_secret": None}
    token = _run(settings, "issue-token", "--client-id", client_id)
    assert token.stdout.count(".") == 2
    rotated = _run(settings, "rotate-keys")
    assert (rotated.returncode, len(rotated.stdout.strip())) == (0, 32)


def test_a_command_that_cannot_be_carried_out_says_why_in_one_line(
    settings: MembershipSettings,
) -> None:
    answers = [
        _run(settings, "issue-token", "--client-id", "nobody"),
        _run(settings, "issue-token", "--client-id", "nobody", "--hours", "24"),
        _run(settings, "create-program", "--name", "R", "--currency", "CNY", "--time-zone", "Moon"),
    ]
    assert [a.returncode for a in answers] == [1, 1, 1]
    assert "TOKEN_SECONDS_MAX" in answers[1].stderr
    assert all(len(a.stderr.strip().splitlines()) == 1 for a in answers), answers
