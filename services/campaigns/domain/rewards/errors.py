"""Why a grant is refused."""

from shared.errors import Conflict, NotFound


class GrantUnknown(NotFound):
    """No grant that this caller may see has this id."""


class GrantNotIssuable(Conflict):
    """Only a gift that is granted and not yet handed out can be issued."""
