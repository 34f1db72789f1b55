"""The whole schema of points, a page for each topic. Points are integers, money is in minor units,
instants are UTC."""

from services.points.tables import accounts, directory, ledger, receipts, spending
from services.points.tables.metadata import metadata

__all__ = ["accounts", "directory", "ledger", "metadata", "receipts", "spending"]
