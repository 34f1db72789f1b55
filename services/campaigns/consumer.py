"""Events to use cases."""

from services.campaigns.usecases.directory.follow_members import follow_members
from services.campaigns.usecases.directory.keep_directory import keep_directory
from services.campaigns.usecases.receipts.score_pos_transactions import score_pos_transactions
from shared.consumer import Handler, hear_revocations
from shared.contracts.event import Event
from shared.contracts.membership import (
    BrandChanged,
    CategoryChanged,
    MallChanged,
    MemberEnrolled,
    MemberTierChanged,
    ShopChanged,
    TokensRevoked,
)
from shared.contracts.points import PosTransactionAttributed, PosTransactionRecorded

HANDLERS: dict[type[Event], Handler] = {
    PosTransactionRecorded: score_pos_transactions,
    PosTransactionAttributed: score_pos_transactions,
    MemberEnrolled: follow_members,
    MemberTierChanged: follow_members,
    MallChanged: keep_directory,
    ShopChanged: keep_directory,
    BrandChanged: keep_directory,
    CategoryChanged: keep_directory,
    TokensRevoked: hear_revocations,
}
