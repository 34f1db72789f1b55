"""The ways in which a member can be known, and how each is written down."""

import re
from typing import Literal

from services.membership.domain.members.errors import IdentityInvalid
from services.membership.domain.members.phones import mask_phone, normalise_phone

IdentityType = Literal["phone", "wechat_openid", "wechat_unionid", "card", "plate", "email"]

_FORMS: dict[str, re.Pattern[str]] = {
    "wechat_openid": re.compile(r"[A-Za-z0-9_-]{10,64}"),
    "wechat_unionid": re.compile(r"[A-Za-z0-9_-]{10,64}"),
    "card": re.compile(r"[A-Z0-9]{4,32}"),
    "plate": re.compile(r"[0-9A-Z\u4e00-\u9fff]{5,10}"),
    "email": re.compile(r"[^\s@]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,8}"),
}


def normalise_identity(kind: IdentityType, value: str, region: str) -> str:
    """One spelling for each identity. Raises `IdentityInvalid` or `PhoneInvalid`."""
    if kind == "phone":
        return normalise_phone(value, region)
    plain = value.strip()
    if kind in {"card", "plate"}:
        plain = re.sub(r"[\s·.-]", "", plain).upper()
    if kind == "email":
        # Case never tells two mailboxes apart in practice; the domain's is free by standard.
        plain = plain.casefold()
    if not _FORMS[kind].fullmatch(plain):
        raise IdentityInvalid(f"The value does not look like a {kind}.")
    return plain


def mask_identity(kind: str, value: str) -> str:
    """Enough to recognise one's own, too little to use."""
    if kind == "phone":
        return mask_phone(value)
    if kind == "email":
        name, _, domain = value.partition("@")
        return f"{name[0]}***@{domain}"
    return "*" * max(3, len(value) - 3) + value[-3:]
