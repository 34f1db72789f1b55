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
    WholeProgrammeOnly,
    WrongPrincipal,
    require_role,
    require_whole,
)
from shared.auth.revocations import (
    Revocation,
    keep_revocations,
    read_revoked,
)
from shared.auth.tills import (
    SignatureInvalid,
    SignatureMissing,
    SignatureStale,
    SignedRequest,
    derive_till_secret,
    till_headers,
    verify_till,
)
from shared.auth.tokens import (
    AUDIENCE,
    FetchKeys,
    KeysUnavailable,
    RevocationsUnavailable,
    TokenInvalid,
    TokenLivesTooLong,
    TokenMissing,
    TokenRevoked,
    TokenVerifier,
    fetch_keys_from,
    principal_of,
)

__all__ = [
    "AUDIENCE",
    "Anyone",
    "FetchKeys",
    "KeysUnavailable",
    "Member",
    "MemberCodeInvalid",
    "Revocation",
    "RevocationsUnavailable",
    "RoleMissing",
    "Service",
    "SignatureInvalid",
    "SignatureMissing",
    "SignatureStale",
    "SignedRequest",
    "Staff",
    "Till",
    "TokenInvalid",
    "TokenLivesTooLong",
    "TokenMissing",
    "TokenRevoked",
    "TokenVerifier",
    "WholeProgrammeOnly",
    "WrongPrincipal",
    "derive_key",
    "derive_till_secret",
    "fetch_keys_from",
    "keep_revocations",
    "make_member_code",
    "principal_of",
    "read_member_code",
    "read_revoked",
    "require_role",
    "require_whole",
    "till_headers",
    "verify_till",
]
