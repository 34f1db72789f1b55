"""Who is calling, and how they prove it."""

from shared.auth.derived_keys import (
    derive_key,
)
from shared.auth.member_codes import (
    MemberCodeInvalid,
    make_member_code,
    read_member_code,
)
from shared.auth.principals import (
    Anyone,
    Member,
    RoleMissing,
    Service,
    Staff,
    Till,
    WrongPrincipal,
    require_role,
)
from shared.auth.tills import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TILL_HEADER,
    TIMESTAMP_HEADER,
    SignatureInvalid,
    SignatureMissing,
    SignatureStale,
    SignedRequest,
    derive_till_secret,
    sign_request,
    till_headers,
    verify_till,
)
from shared.auth.tokens import (
    AUDIENCE,
    FetchKeys,
    KeysUnavailable,
    TokenInvalid,
    TokenMissing,
    TokenVerifier,
    fetch_keys_from,
    principal_of,
)

__all__ = [
    "AUDIENCE",
    "ID_HEADER",
    "SIGNATURE_HEADER",
    "TILL_HEADER",
    "TIMESTAMP_HEADER",
    "Anyone",
    "FetchKeys",
    "KeysUnavailable",
    "Member",
    "MemberCodeInvalid",
    "RoleMissing",
    "Service",
    "SignatureInvalid",
    "SignatureMissing",
    "SignatureStale",
    "SignedRequest",
    "Staff",
    "Till",
    "TokenInvalid",
    "TokenMissing",
    "TokenVerifier",
    "WrongPrincipal",
    "derive_key",
    "derive_till_secret",
    "fetch_keys_from",
    "make_member_code",
    "principal_of",
    "read_member_code",
    "require_role",
    "sign_request",
    "till_headers",
    "verify_till",
]
