"""Receipts of a year in four malls, and what replays them against a running stack."""
