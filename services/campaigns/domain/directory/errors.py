"""Who is not known, and what the caller may not see."""

from shared.errors import Forbidden, NotFound


class MemberUnknown(NotFound):
    """No member that this caller may see has this id."""


class MallOutOfScope(Forbidden):
    """The caller's malls do not include this one."""
