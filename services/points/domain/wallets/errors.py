"""Why a wallet refuses."""

from shared.errors import NotFound, Rejected


class WalletUnknown(NotFound):
    """No such wallet in this programme."""


class WalletIsBuiltIn(Rejected):
    """The points wallet is there by itself; earning policies say how it behaves."""


class WalletFull(Rejected):
    """The credit does not fit under the wallet's limit; the facts say how much would."""


class WalletNotRedeemable(Rejected):
    """This wallet's points cannot be spent."""


class GiftCapReached(Rejected):
    """More than a member may give from this wallet within a day; the facts say what is left."""


class WalletNotTransferable(Rejected):
    """This wallet's points stay with their member."""
