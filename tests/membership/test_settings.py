"""Knobs that contradict each other are refused."""

import pytest
from pydantic import ValidationError

from services.membership.settings import MembershipSettings
from tests.support.service import make_settings


def test_no_token_is_given_that_lives_longer_than_services_take() -> None:
    with pytest.raises(ValidationError, match="TOKEN_SECONDS is more than TOKEN_SECONDS_MAX"):
        make_settings(MembershipSettings, "postgresql://nowhere", token_seconds_max=600)
    made = make_settings(
        MembershipSettings, "postgresql://nowhere", token_seconds_max=600, token_seconds=600
    )
    assert made.token_seconds == 600
