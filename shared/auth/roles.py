"""The roles that clients may have: the words that routes of the services ask for.

A house test compares them with what the routes ask for, so that no role is missing here.
"""

ROLES = frozenset(
    {
        "admin",
        "campaigns",
        "desk",
        "directory",
        "front_end",
        "members",
        "members.pii",
        "messages",
        "operations",
        "points.activities",
        "points.adjust",
        "points.cases",
        "points.check",
        "points.finance",
        "points.import",
        "points.merge",
        "points.policy",
        "points.read",
        "templates",
    }
)
