"""Every model that staff may state is one that the rules can read."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from services.points.api.expiry.expiry_models import ExpiryIn
from services.points.domain.expiry.expiry import ExpiryKind, read_expiry

ADAPTER: TypeAdapter[ExpiryIn] = TypeAdapter(ExpiryIn)
STATED: list[dict[str, Any]] = [
    {"kind": "never"},
    {"kind": "rolling_days", "days": 90},
    {"kind": "months", "months": 12},
    {"kind": "sliding", "months": 12},
    {"kind": "calendar_date", "on": "2027-06-30", "periods_ahead": 1},
    {"kind": "end_of_month", "periods_ahead": 1},
    {"kind": "end_of_quarter"},
    {"kind": "end_of_year"},
]


@pytest.mark.parametrize("stated", STATED)
def test_what_staff_state_is_read_as_stated(stated: dict[str, Any]) -> None:
    stored = ADAPTER.dump_python(ADAPTER.validate_python(stated), mode="json")
    model = read_expiry(stored)
    assert model.kind == stated["kind"]
    assert model.amount in stated.values() or model.amount == 0


def test_no_model_is_left_out() -> None:
    assert {stated["kind"] for stated in STATED} == set(ExpiryKind)


@pytest.mark.parametrize(
    "stated",
    [
        {"kind": "months"},
        {"kind": "never", "months": 1},
        {"kind": "months", "months": "12"},
        {"kind": "end_of_year", "periods_ahead": 1_201},
    ],
)
def test_half_a_model_is_refused(stated: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(stated)
