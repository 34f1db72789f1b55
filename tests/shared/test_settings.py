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
        ("database_wait_seconds_max", 0),
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


LOGIN = {
    "kafka_sasl_mechanism": "SCRAM-SHA-512",
    "kafka_sasl_username": "galleria",
    "kafka_sasl_password": "not-for-everybody",
}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"kafka_security_protocol": "SASL_SSL"},
            "needs KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME",
        ),
        (
            {**LOGIN, "kafka_security_protocol": "SASL_SSL", "kafka_sasl_password": ""},
            "SASL_SSL needs KAFKA_SASL_PASSWORD too",
        ),
        (LOGIN, "without a login: set KAFKA_SECURITY_PROTOCOL to SASL_SSL, it is PLAINTEXT"),
        ({**LOGIN, "kafka_security_protocol": "SSL"}, "it is SSL"),
        ({"kafka_ca_file": __file__}, "KAFKA_CA_FILE without TLS"),
        (
            {"kafka_security_protocol": "SSL", "kafka_ca_file": "/nowhere/ca.pem"},
            "KAFKA_CA_FILE cannot be read as certificates: .*No such file",
        ),
        (
            {"kafka_security_protocol": "SSL", "kafka_ca_file": __file__},
            "KAFKA_CA_FILE cannot be read as certificates",
        ),
        ({"kafka_security_protocol": "TLS"}, "kafka_security_protocol"),
        ({**LOGIN, "kafka_sasl_mechanism": "GSSAPI"}, "kafka_sasl_mechanism"),
    ],
)
def test_ways_to_reach_kafka_that_do_not_fit_together_are_refused_with_what_to_do(
    values: dict[str, object], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        make_settings(FrameSettings, URL, **values)


def test_the_login_at_kafka_does_not_show_and_an_empty_variable_says_nothing() -> None:
    settings = make_settings(FrameSettings, URL, **LOGIN, kafka_security_protocol="SASL_PLAINTEXT")
    assert settings.kafka_access()["sasl_plain_password"] == LOGIN["kafka_sasl_password"]
    assert LOGIN["kafka_sasl_password"] not in repr(settings)
    plain = make_settings(FrameSettings, URL, **dict.fromkeys([*LOGIN, "kafka_ca_file"], ""))
    assert plain.kafka_access()["sasl_plain_username"] is None
    assert plain.kafka_access()["ssl_context"] is None
