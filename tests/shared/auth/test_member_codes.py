"""Codes on members' phones."""

import base64

import pytest

from shared.auth import MemberCodeInvalid, make_member_code, read_member_code
from shared.ids import new_id
from tests.support.frame import OTHER_PROGRAM, PROGRAM

KEY = "a deployment key that is long enough"
MEMBER = new_id()


def test_a_members_code_stands_for_the_member_until_it_expires() -> None:
    code = make_member_code(KEY, PROGRAM, MEMBER, 1_000)
    assert (len(code), code.isalnum()) == (52, True)
    assert read_member_code(KEY, PROGRAM, code, 1_000) == MEMBER
    with pytest.raises(MemberCodeInvalid, match="expired"):
        read_member_code(KEY, PROGRAM, code, 1_001)


def test_a_code_of_another_programme_or_deployment_is_not_ours() -> None:
    code = make_member_code(KEY, PROGRAM, MEMBER, 1_000)
    for key, program_id in ((KEY, OTHER_PROGRAM), (KEY + "2", PROGRAM)):
        with pytest.raises(MemberCodeInvalid):
            read_member_code(key, program_id, code, 1)


def test_a_changed_or_junk_code_is_not_ours() -> None:
    code = make_member_code(KEY, PROGRAM, MEMBER, 1_000)
    raw = bytearray(base64.b32decode(code + "===="))
    changed = []
    for place in range(len(raw)):
        raw[place] ^= 1
        changed.append(base64.b32encode(raw).decode().rstrip("="))
        raw[place] ^= 1
    junk = ["", "=", "A", "é" * 52, "\ud800", "A" * 52, "1" * 52, code + "AA", "\x00" * 52]
    for each in [*changed, *junk, code[:-2]]:
        with pytest.raises(MemberCodeInvalid):
            read_member_code(KEY, PROGRAM, each, 1)
