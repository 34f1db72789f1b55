"""Every metric name of the frame, in one file. Services add theirs in their own metrics.py."""

from prometheus_client import Counter, Gauge, Histogram

HTTP_REQUESTS = Counter(
    "galleria_http_requests_total", "Answers by route and status", ["method", "route", "status"]
)
HTTP_SECONDS = Histogram(
    "galleria_http_request_seconds",
    "Time from the request's first byte to the answer's last",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
GATHERED = Histogram(
    "galleria_gather_requests",
    "Requests that shared one transaction",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)
OUTBOX_PUBLISHED = Counter("galleria_outbox_published_total", "Events sent to Kafka", ["topic"])
OUTBOX_WAITING = Gauge("galleria_outbox_waiting", "Unpublished outbox rows the relay last saw")
OUTBOX_OLDEST_SECONDS = Gauge(
    "galleria_outbox_oldest_seconds", "Age of the oldest unpublished row the relay last saw"
)
RELAY_ACTIVE = Gauge("galleria_relay_active", "1 while this process holds the relay's lock")
EVENTS_CONSUMED = Counter(
    "galleria_events_consumed_total", "Events by what became of them", ["type", "outcome"]
)
CONSUMER_LAG = Gauge("galleria_consumer_lag", "Events behind the end", ["topic", "partition"])
DEAD_LETTERS = Counter("galleria_dead_letters_total", "Events put aside", ["topic", "reason"])
JOB_RUNS = Counter("galleria_job_runs_total", "Runs of jobs by outcome", ["job", "outcome"])
INVARIANT_BROKEN = Gauge("galleria_invariant_broken", "Rows that break an invariant", ["invariant"])
