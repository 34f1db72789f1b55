"""Phone numbers: read what people type, keep E.164, show little."""

import phonenumbers

from services.membership.domain.members.errors import PhoneInvalid

_SHOWN_AT_THE_END = 4
_SHOWN_AT_THE_START = 6


def normalise_phone(phone: str, region: str) -> str:
    """E.164, for example `+8613800138000`. Raises `PhoneInvalid`, without the number."""
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException as error:
        raise PhoneInvalid("This is not a phone number.") from error
    if not phonenumbers.is_valid_number(number):
        raise PhoneInvalid("No such phone number can exist.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_phone(phone: str) -> str:
    """What others than the member may see: `+86138****8000`."""
    start = min(_SHOWN_AT_THE_START, max(0, len(phone) - _SHOWN_AT_THE_END - 4))
    hidden = len(phone) - start - _SHOWN_AT_THE_END
    return phone[:start] + "*" * hidden + phone[-_SHOWN_AT_THE_END:]
