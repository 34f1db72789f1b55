"""The kinds of postings of the ledger."""

# What postings are, by what they do, by our account on the other side, and by what caused them.
# Consumers must take one that they do not know by its sign and its counter account.
POSTING_KINDS = (
    "earn", "refund", "rerate", "reward", "reward_reversal", "redeem", "capture",
    "redemption_return", "expire", "adjustment", "write_off", "opening", "transfer_out",
    "transfer_in", "wallet_gift_out", "wallet_gift_in", "pool_contribution_out",
    "pool_contribution_in", "pool_return_out", "pool_return_in", "merge_out", "merge_in",
    "merge_debt", "merge_undo_out", "merge_undo_in", "merge_undo_debt",
)  # fmt: skip
COUNTER_ACCOUNTS = (
    "issuance", "clawback", "adjustment", "redemption", "expiry", "transfer", "opening",
)  # fmt: skip
SOURCE_KINDS = (
    "sale", "refund", "rerate", "activity", "reward", "reward_reversal", "redemption", "capture",
    "pool_spending", "redemption_return", "expiry", "adjustment", "opening", "transfer",
    "wallet_gift", "pool_contribution", "pool_return", "merge", "merge_debt", "merge_undo",
    "merge_undo_debt",
)  # fmt: skip
