"""What can go wrong, in five categories that HTTP and the consumers both understand.

A refusal carries a stable machine `code` (the class name in snake case), one sentence saying what
was wrong and what to do, and facts (shortfall, limit, ...) as plain JSON values.
"""

import re
from enum import StrEnum
from typing import Any, ClassVar


class Category(StrEnum):
    """The kind of a refusal: one table maps it to HTTP, another to retry or dead letter."""

    MALFORMED = "malformed"
    REJECTED = "rejected"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """A refusal that a caller can act on. Subclass a category below and name what is wrong."""

    category: ClassVar[Category] = Category.REJECTED
    code: ClassVar[str] = "domain_error"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class Malformed(DomainError):
    """The request cannot be read: something that must be there is missing or garbled."""

    category = Category.MALFORMED


class Rejected(DomainError):
    """The input breaks a rule; sending it again will not help."""

    category = Category.REJECTED


class NotFound(DomainError):
    """The thing named does not exist for this caller."""

    category = Category.NOT_FOUND


class Conflict(DomainError):
    """The request contradicts what is already stored."""

    category = Category.CONFLICT


class Forbidden(DomainError):
    """The caller is known and may not do this."""

    category = Category.FORBIDDEN


class Unauthenticated(DomainError):
    """The caller did not prove who they are."""

    category = Category.UNAUTHENTICATED


class Unavailable(DomainError):
    """Nothing is wrong with the request; the same one may succeed in a moment."""

    category = Category.UNAVAILABLE


class Invariant(AssertionError):
    """A programmer's error: the transaction is rolled back and somebody is told."""
