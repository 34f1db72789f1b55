"""Why a receipt must be worked again."""

from shared.errors import Unavailable


class ReceiptMoved(Unavailable):
    """A receipt changed hands while we looked. The same work succeeds in a moment."""
