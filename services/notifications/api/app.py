"""The app of notifications."""

from collections.abc import Sequence

from fastapi import FastAPI

from services.notifications.api import channels, inbox, messages, templates
from services.notifications.queries.invariants import check_invariants
from shared.http.app import create_app
from shared.http.depends import Runtime
from shared.http.internal import HealthCheck

DESCRIPTION = """Members' inboxes, the templates of what they are told, and why each message was
sent or not. Messages are planned from what other services say has happened; nothing waits for
them. One message a cause, for ever."""


def build_app(runtime: Runtime, health: Sequence[HealthCheck]) -> FastAPI:
    """Routes, documents, health and invariants."""
    return create_app(
        runtime,
        title="notifications",
        description=DESCRIPTION,
        routers=(inbox.router, messages.router, templates.router, channels.router),
        invariants=check_invariants,
        health=health,
    )
