"""What does not fit the programme."""

from shared.errors import NotFound, Rejected


class ProgramUnknown(NotFound):
    """No such programme."""


class CurrencyMismatch(Rejected):
    """The programme counts in another currency."""
