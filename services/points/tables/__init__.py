"""The whole schema of points, a page for each topic. Points are integers, money is in minor units,
instants are UTC."""

from services.points.tables import (
    accounting,
    accounts,
    activities,
    adjustments,
    directory,
    files,
    ledger,
    members,
    nights,
    receipts,
    reviews,
    spending,
)
from services.points.tables.metadata import metadata

__all__ = [
    "accounting",
    "accounts",
    "activities",
    "adjustments",
    "directory",
    "files",
    "ledger",
    "members",
    "metadata",
    "nights",
    "receipts",
    "reviews",
    "spending",
]
