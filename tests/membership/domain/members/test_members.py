"""The rules of joining."""

from datetime import UTC, datetime, timedelta

import pytest

from services.membership.domain.members.errors import EnrolledAtNotAllowed, EnrolledInFuture
from services.membership.domain.members.members import EnrolWanted, joined_at

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
YEAR_AGO = NOW - timedelta(days=365)


def test_people_join_now_and_imports_when_they_say() -> None:
    assert joined_at(EnrolWanted("1", "store"), NOW) == NOW
    assert joined_at(EnrolWanted("1", "import"), NOW) == NOW
    assert joined_at(EnrolWanted("1", "import", enrolled_at=YEAR_AGO), NOW) == YEAR_AGO


def test_only_imports_say_when() -> None:
    with pytest.raises(EnrolledAtNotAllowed):
        joined_at(EnrolWanted("1", "app", enrolled_at=YEAR_AGO), NOW)


def test_nobody_joins_in_the_future() -> None:
    with pytest.raises(EnrolledInFuture):
        joined_at(EnrolWanted("1", "import", enrolled_at=NOW + timedelta(seconds=1)), NOW)


def test_a_record_does_not_show_who_it_is() -> None:
    assert "138" not in repr(EnrolWanted("13800138000", "app", name="Wang"))
