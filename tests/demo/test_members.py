"""Households as members: phones that could exist, and joined before the first receipt."""

from datetime import UTC, datetime, timedelta

import phonenumbers

from demo.members import enrolment_of, phone_of
from demo.receipts import households
from demo.year import choose_year

YEAR = choose_year(datetime(2026, 6, 1, tzinfo=UTC))


def test_every_household_has_a_phone_of_its_own_that_could_exist() -> None:
    phones = [phone_of(household.number) for household in households()]
    assert len(set(phones)) == len(phones) == 2_469
    for phone in phones:
        number = phonenumbers.parse(phone, "CN")
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


def test_a_household_joins_the_day_before_it_first_buys() -> None:
    for household in households()[:50]:
        enrolment = enrolment_of(household, YEAR)
        joined = datetime.fromisoformat(enrolment["enrolled_at"])
        first = YEAR.instant(household.first_bought_wall)
        assert first - joined == timedelta(days=1)
        assert enrolment["channel"] == "import"


def test_members_read_both_languages() -> None:
    locales = {enrolment_of(household, YEAR)["locale"] for household in households()}
    assert locales == {"zh-CN", "en"}
