"""Programmes: the row, and the lock under which a programme's directory changes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.programs.errors import ProgramUnknown
from shared.db import driver


@dataclass(frozen=True, slots=True)
class Program:
    """A loyalty programme: its currency, the region of its phones, the zone of its days."""

    program_id: UUID
    name: str
    currency: str
    region: str
    time_zone: str

    @property
    def zone(self) -> ZoneInfo:
        """The programme's time zone."""
        return ZoneInfo(self.time_zone)


_COLUMNS = "program_id, name, currency, region, time_zone"


async def find_program(session: AsyncSession, program_id: UUID) -> Program | None:
    """The programme, or None."""
    connection = await driver(session)
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM program WHERE program_id = $1", program_id
    )
    return None if row is None else Program(**row)


async def get_program(session: AsyncSession, program_id: UUID) -> Program:
    """The programme. Raises `ProgramUnknown`."""
    program = await find_program(session, program_id)
    if program is None:
        raise ProgramUnknown("No such programme.")
    return program


async def lock_program(session: AsyncSession, program_id: UUID) -> Program:
    """Hold the programme: one change of its directory, tiers or clients at a time."""
    connection = await driver(session)
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM program WHERE program_id = $1 FOR NO KEY UPDATE", program_id
    )
    if row is None:
        raise ProgramUnknown("No such programme.")
    return Program(**row)


async def insert_program(session: AsyncSession, program: Program, now: datetime) -> bool:
    """Store a programme; False when it is there already."""
    connection = await driver(session)
    done = await connection.execute(
        f"INSERT INTO program ({_COLUMNS}, created_at) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT DO NOTHING",
        program.program_id,
        program.name,
        program.currency,
        program.region,
        program.time_zone,
        now,
    )
    return done == "INSERT 0 1"
