"""What happens, counted from the start of the process.

Labels take few values, whatever people and services send: kinds, outcomes, regions. What is known beforehand is there
from the start with 0: Prometheus sees no increase in what begins with 1.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import permutations
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram

from bot.domain.events import ENDINGS, EventKind, Outcome, RecordedEvent
from bot.operations.observing import Activity, Seen

ACKNOWLEDGEMENT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
"""Seconds; Slack gives up after 3 (``slack-platform.md``, Requests to the app)."""

CALLS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds; an answer of the cloud is waited for 60 s at most."""

LEVELS = ("WARNING", "ERROR", "CRITICAL")

_ENDED = {kind: outcome for outcome, kinds in ENDINGS.items() for kind in kinds}


class Happened:
    """Counts events of the audit log, and lines of the log that ask for attention."""

    def __init__(self, registry: CollectorRegistry, regions: Sequence[str]) -> None:
        """Begin with 0.

        Args:
            registry: that the counters are in.
            regions: that copies leave from and go to.
        """
        counter = partial(Counter, registry=registry)
        self._events = counter("copy_backup_audit_events", "Events written to the audit log.", ("kind",))
        self._ended = counter(
            "copy_backup_copies_ended", "Copies that have ended.", ("outcome", "source", "destination")
        )
        self._lines = counter("copy_backup_log_lines", "Lines of the log, from warnings on.", ("level",))
        for kind in EventKind:
            self._events.labels(kind.value)
        for outcome in Outcome:
            for source, destination in permutations(regions, 2):
                self._ended.labels(outcome.value, source, destination)
        for level in LEVELS:
            self._lines.labels(level)

    def on_event(self, recorded: RecordedEvent) -> None:
        """Something was committed to the audit log."""
        event = recorded.event
        self._events.labels(event.kind.value).inc()
        outcome = _ENDED.get(event.kind)
        if outcome and event.source and event.destination:
            self._ended.labels(outcome.value, event.source, event.destination).inc()

    def on_line(self, level: str) -> None:
        """A line of the log was written."""
        if level in LEVELS:
            self._lines.labels(level).inc()


class LogLines(logging.Handler):
    """Counts lines of the log. It reads nothing of them but their level."""

    def __init__(self, happened: Happened) -> None:
        super().__init__(logging.WARNING)
        self._happened = happened

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        self._happened.on_line(record.levelname)


class Watched:
    """Counts and times what the bot does at its borders: the port `bot.operations.observing.Observer`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Begin with 0.

        Args:
            registry: that the counters are in.
        """
        counter, histogram = partial(Counter, registry=registry), partial(Histogram, registry=registry)
        self._requests = counter("copy_backup_slack_requests", "Requests of Slack's.", ("request", "outcome"))
        self._acknowledged = histogram(
            "copy_backup_slack_acknowledgement_seconds",
            "From a request of Slack's to its answer.",
            ("request",),
            buckets=ACKNOWLEDGEMENT,
        )
        self._slack_calls = counter("copy_backup_slack_calls", "Calls of Slack's Web API.", ("method", "outcome"))
        self._slack_seconds = histogram(
            "copy_backup_slack_call_seconds", "One call of Slack's Web API, with its repetitions.", buckets=CALLS
        )
        self._rate_limited = counter("copy_backup_slack_rate_limited", "Answers of Slack's Web API with 429.")
        self._cloud_calls = counter(
            "copy_backup_cloud_calls", "Requests to Cloud Databases and Identity.", ("region", "call", "outcome")
        )
        self._cloud_seconds = histogram(
            "copy_backup_cloud_call_seconds", "One request to Cloud Databases or Identity.", ("call",), buckets=CALLS
        )

    @contextmanager
    def watching(self, seen: Seen) -> Iterator[Seen]:
        """Time something, and count it when it ends."""
        began = perf_counter()
        try:
            yield seen
        finally:
            self._count(seen, perf_counter() - began)

    def rate_limited(self) -> None:
        """Count one more 429 of Slack's."""
        self._rate_limited.inc()

    def _count(self, seen: Seen, seconds: float) -> None:
        match seen.activity:
            case Activity.SLACK_REQUEST:
                self._requests.labels(seen.what, seen.outcome).inc()
                self._acknowledged.labels(seen.what).observe(seconds)
            case Activity.SLACK_CALL:
                self._slack_calls.labels(seen.what, seen.outcome).inc()
                self._slack_seconds.observe(seconds)
            case Activity.CLOUD_CALL:
                self._cloud_calls.labels(seen.region, seen.what, seen.outcome).inc()
                self._cloud_seconds.labels(seen.what).observe(seconds)
