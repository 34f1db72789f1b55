"""The whole schema of campaigns, a page for each topic. Every key leads with the programme."""

from services.campaigns.tables import desk, directory, receipts, rewards, rules
from services.campaigns.tables.metadata import metadata

__all__ = ["desk", "directory", "metadata", "receipts", "rewards", "rules"]
