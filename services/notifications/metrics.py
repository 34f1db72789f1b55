"""Every metric that notifications adds to the frame's."""

from prometheus_client import Counter

MESSAGES_PLANNED = Counter(
    "galleria_messages_planned_total", "Message rows made, by what they are about", ["cause"]
)
MESSAGES_DECIDED = Counter(
    "galleria_messages_decided_total",
    "Due messages by channel and what the gate made of them",
    ["channel", "state", "reason"],
)
