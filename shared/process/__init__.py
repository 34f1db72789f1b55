"""Roles in one process or several: `python -m services.points api consumer relay jobs`."""

from shared.process.command_line import run
from shared.process.definition import ROLES, ServiceDefinition

__all__ = ["ROLES", "ServiceDefinition", "run"]
