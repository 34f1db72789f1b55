"""The ceiling of balance reads: FastAPI, a pool of raw asyncpg, the same query, nothing else.

    BALANCE_DATABASE_URL=postgresql://… BALANCE_PORT=9000 python -m benchmarks.balance_app

uvicorn and the garbage collector are set as the services set them.
"""

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

QUERY = """
SELECT balance, version FROM account
WHERE program_id = $1 AND account_id = $2 AND status = 'open'
"""
POOL_SIZE = 8  # As many as the services' default.


class BalanceOut(BaseModel):
    """The same answer as the service's."""

    member_id: UUID
    balance: int
    debt: int
    version: int


def build_app(database_url: str) -> FastAPI:
    """The app; its pool opens with it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(
            database_url, min_size=POOL_SIZE, max_size=POOL_SIZE
        ) as app.state.pool:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/{program_id}/{member_id}")
    async def read_balance(program_id: UUID, member_id: UUID) -> BalanceOut:
        row = await app.state.pool.fetchrow(QUERY, program_id, member_id)
        if row is None:
            raise HTTPException(404)
        balance = row["balance"]
        return BalanceOut.model_construct(
            member_id=member_id, balance=balance, debt=max(0, -balance), version=row["version"]
        )

    @app.get("/ready")
    async def ready() -> str:
        return "ok"

    return app


if __name__ == "__main__":
    built = build_app(os.environ["BALANCE_DATABASE_URL"])
    gc.collect()
    gc.freeze()
    gc.set_threshold(250_000, 20, 1_000)
    uvicorn.run(
        built,
        host="127.0.0.1",
        port=int(os.environ["BALANCE_PORT"]),
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
    )
