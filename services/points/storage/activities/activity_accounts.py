"""Whose wallets an activity credits: those of its members, or of whom they were merged into."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.activities.activities import Place
from services.points.domain.ledger.accounts import Account
from services.points.domain.wallets.wallets import POINTS
from services.points.storage.accounting.liability import find_program_zone
from services.points.storage.receipts.pos_transactions import lock_accounts, survivor_of
from services.points.storage.wallets.wallets import get_wallet, open_wallet_accounts
from shared.db import Collision


@dataclass(frozen=True, slots=True)
class ActivityLook:
    """The locked accounts: of who did it and of whom they brought, in points, and `wallets` of both
    by member, where another wallet is credited."""

    member: Account
    referred: Account | None
    accounts: dict[UUID, Account]
    wallets: dict[UUID, Account]

    def payees(self, wallet: str) -> tuple[Account, Account | None]:
        """The accounts that are credited."""
        if wallet == POINTS:
            return self.member, self.referred
        referred = None if self.referred is None else self.wallets[self.referred.account_id]
        return self.wallets[self.member.account_id], referred


async def lock_activity(
    session: AsyncSession,
    program_id: UUID,
    member_id: UUID,
    referred_id: UUID | None,
    wallet: str,
) -> ActivityLook:
    """Lock them all by ascending id. Whether they are open is for the caller to see.

    Raises `Collision` when one was merged meanwhile.
    """
    members = {member_id} if referred_id is None else {member_id, referred_id}
    ids = await open_wallet_accounts(session, program_id, [(one, wallet) for one in members])
    accounts = await lock_accounts(session, program_id, {*members, *ids.values()})
    member = survivor_of(accounts, member_id)
    assert member is not None
    wallets = {}
    for named, _ in ids if wallet != POINTS else ():
        account, owner = accounts[ids[named, wallet]], survivor_of(accounts, named)
        if owner is None or account.member_id != owner.account_id:
            raise Collision("The account was merged meanwhile.")
        wallets[owner.account_id] = account
    return ActivityLook(member, survivor_of(accounts, referred_id), accounts, wallets)


async def find_place(session: AsyncSession, program_id: UUID, wallet: str, zone: str) -> Place:
    """The kind of wallet, with the mall's zone and the programme's. Raises `WalletUnknown`."""
    kind = await get_wallet(session, program_id, wallet)
    wallet_zone = zone if wallet == POINTS else await find_program_zone(session, program_id)
    return Place(kind, zone, wallet_zone)
