"""The roles that staff need here. Members need none for their own inbox."""

TEMPLATES = "templates"
MESSAGES = "messages"
