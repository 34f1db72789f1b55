"""Identifiers: their order, their layout, their check digits."""

import os
import re
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

import pytest

from shared.clock import unix_milliseconds
from shared.ids import (
    lowest_id_at,
    luhn_digit,
    new_bytes,
    new_id,
    new_member_number,
    new_secret,
    new_trace_parent,
    read_id,
)


def test_an_id_is_a_version_7_uuid_of_the_present_millisecond() -> None:
    before = unix_milliseconds()
    made = new_id()
    after = unix_milliseconds()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= after


def test_ids_differ_within_a_millisecond() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_a_process_that_is_forked_makes_ids_of_its_own() -> None:
    new_id()
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:  # Nothing but this, and no test runner's clean-up.
        os.write(writes, b"".join(new_id().bytes for _ in range(100)))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    theirs = os.read(reads, 1_600)
    os.close(reads)
    os.close(writes)
    assert (status, len(theirs)) == (0, 1_600)
    # What chance made of them: all but the time, the version and the variant.
    chance = {theirs[place + 9 : place + 16] for place in range(0, 1_600, 16)}
    assert len(chance) == 100
    assert not chance & {new_id().bytes[9:] for _ in range(500)}


def test_a_trace_begins_with_a_parent_of_its_own() -> None:
    made = {new_trace_parent() for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", parent) for parent in made)


def test_an_id_that_is_read_is_the_one_that_was_written() -> None:
    made = new_id()
    assert (read_id(str(made)), hash(read_id(str(made)))) == (made, hash(made))
    for text in ("", "7", f"{made}0", str(made).replace("7", "x")):
        with pytest.raises(ValueError, match="invalid UUID"):
            read_id(text)


def test_ids_of_later_milliseconds_are_greater() -> None:
    first = new_id()
    while unix_milliseconds() == first.int >> 80:
        pass
    assert new_id() > first


@pytest.mark.parametrize("microseconds", [0, 1_000, 999_000, 999_999])
def test_the_lowest_id_of_an_instant_bounds_the_ids_of_its_millisecond(microseconds: int) -> None:
    instant = datetime(2026, 3, 1, 12, 0, 0, microseconds, tzinfo=UTC)
    bound = lowest_id_at(instant)
    assert bound.int >> 80 == int(instant.timestamp()) * 1_000 + microseconds // 1_000
    assert (bound.version, bound.variant) == (7, RFC_4122)
    assert lowest_id_at(instant - timedelta(milliseconds=1)) < bound
    assert lowest_id_at(datetime(2020, 1, 1, tzinfo=UTC)) < new_id()


# Published examples: Luhn's own (7992739871) and the test numbers of card networks.
@pytest.mark.parametrize(
    ("body", "digit"),
    [("7992739871", "3"), ("411111111111111", "1"), ("37828224631000", "5"), ("0", "0")],
)
def test_check_digits_are_luhns(body: str, digit: str) -> None:
    assert luhn_digit(body) == digit


def test_member_numbers_are_twelve_digits_with_a_good_check_digit() -> None:
    numbers = [new_member_number() for _ in range(200)]
    assert len(set(numbers)) == 200
    for number in numbers:
        assert len(number) == 12
        assert number.isdecimal()
        assert number[0] != "0"
        assert luhn_digit(number[:-1]) == number[-1]


def test_a_mistyped_digit_never_passes() -> None:
    number = new_member_number()
    for place, digit in enumerate(number[:-1]):
        wrong = number[:place] + str((int(digit) + 1) % 10) + number[place + 1 : -1]
        assert luhn_digit(wrong) != number[-1]


def test_secrets_and_bytes_are_long_and_new() -> None:
    assert len(new_secret()) == 43
    assert new_secret() != new_secret()
    assert len(new_bytes(12)) == 12
