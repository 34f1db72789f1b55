from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.notifications.api.pages import read_cursor, write_cursor

MICROSECOND = timedelta(microseconds=1)


@given(
    at=st.integers(0, 2**51).map(lambda n: datetime(1970, 1, 1, tzinfo=UTC) + n * MICROSECOND),
    message_id=st.uuids(),
)
def test_a_cursor_comes_back_to_its_place(at: datetime, message_id: object) -> None:
    assert read_cursor(write_cursor(at, message_id)) == (at, message_id)  # type: ignore[arg-type]


def test_the_first_page_needs_no_cursor() -> None:
    assert read_cursor(None) is None
