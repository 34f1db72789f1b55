"""Settings come from the environment, with bounds."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from tests.support.frame import FrameSettings
from tests.support.service import make_settings

URL = "postgresql://u:p@h/d"


def test_the_defaults_are_good() -> None:
    settings = make_settings(FrameSettings, URL)
    assert settings.outbox_retention == timedelta(days=14)
    assert settings.inbox_retention_days > settings.outbox_retention_days


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("deployment_key", "too short"),
        ("database_pool_size", 0),
        ("port", 70_000),
        ("relay_batch_rows_max", 0),
        ("consumer_poll_seconds", 0),
        ("dead_letters_in_a_row_max", 0),
        ("drain_seconds_max", 0),
    ],
)
def test_values_out_of_bounds_are_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        make_settings(FrameSettings, URL, **{name: value})


def test_the_deployment_key_does_not_show() -> None:
    settings = make_settings(FrameSettings, URL)
    assert settings.deployment_key.get_secret_value() not in repr(settings)
