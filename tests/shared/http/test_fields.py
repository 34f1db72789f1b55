"""Fields take what they say and nothing that merely looks like it."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.http.fields import (
    ISO_TEXT,
    LAX,
    Code,
    CurrencyCode,
    Id,
    MemberNumber,
    Name,
    ReceiptNumber,
    Strict,
    TillId,
    day_within,
    instant_within,
)
from shared.ids import new_id

INSTANT: TypeAdapter[Any] = TypeAdapter(
    Annotated[datetime, ISO_TEXT, instant_within(2000, 2100), LAX]
)
DAY: TypeAdapter[Any] = TypeAdapter(Annotated[date, ISO_TEXT, day_within(2000, 2100), LAX])


class Order(Strict):
    id: Id
    count: int
    at: Annotated[datetime, ISO_TEXT, instant_within(2000, 2100), LAX]


def test_an_instant_says_its_zone_and_is_kept_in_utc() -> None:
    noon = datetime(2026, 3, 10, 4, tzinfo=UTC)
    assert INSTANT.validate_python("2026-03-10T12:00:00+08:00") == noon
    assert INSTANT.validate_json('"2026-03-10T04:00:00Z"').tzinfo is UTC
    assert DAY.validate_python("2026-03-10") == date(2026, 3, 10)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("2026-03-10T12:00:00", "Say the time zone"),
        ("1999-12-31T23:59:59Z", "The year lies outside"),
        ("2101-01-01T00:00:00Z", "The year lies outside"),
        ("1700000000", "Send ISO 8601 text"),
        (1_700_000_000, "Send ISO 8601 text"),
        (None, "Send ISO 8601 text"),
        ("yester-day", "Input should be a valid datetime"),
    ],
)
def test_an_instant_that_is_not_one_is_refused_with_what_to_do(sent: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        INSTANT.validate_python(sent)


@pytest.mark.parametrize("sent", ["1999-12-31", "2101-01-01", "19700", 19700, "2026-02-30"])
def test_a_day_that_is_not_one_is_refused(sent: Any) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_python(sent)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (Name, ("小王", "a" * 200), ("", "a\x00b", "a\nb", "a" * 201)),
        (Code, ("a", "9-x_y.z"), ("", "A", "-a", "a b", "a" * 65)),
        (CurrencyCode, ("CNY",), ("cny", "CN", "CNYX")),
        (MemberNumber, ("612345678904",), ("012345678904", "61234567890", "6123456789041")),
        (TillId, ("T1", "till_1-a"), ("", "T 1", "T/1", "a" * 33)),
        (ReceiptNumber, ("R-1/2.a_b",), ("", "R 1", "R\x001", "a" * 65)),
    ],
)
def test_codes_and_names_have_their_letters_and_lengths(
    field: Any, good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(field)
    assert [adapter.validate_python(text) for text in good] == list(good)
    for text in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(text)


def test_a_strict_request_converts_nothing_but_what_json_has_no_word_for() -> None:
    good = {"id": str(new_id()), "count": 1, "at": "2026-03-10T12:00:00Z"}
    assert Order.model_validate(good).count == 1
    for changed in ({"count": "1"}, {"count": True}, {"id": 7}, {"more": 1}, {"at": 1.5}):
        with pytest.raises(ValidationError):
            Order.model_validate({**good, **changed})
