"""All metrics of one bot, as Prometheus asks for them."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.registry import Collector

from bot.domain.events import RecordedEvent
from bot.metrics.counted import Happened, LogLines, Watched
from bot.metrics.readings import Sources, read
from bot.operations.observing import Observer


class Metrics:
    """What one bot counts, and how what there is is read. It is made first of all, so that others can be given its
    `observer`.
    """

    def __init__(self, regions: Sequence[str]) -> None:
        """Begin with 0.

        Args:
            regions: that copies leave from and go to.
        """
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._watched = Watched(self._registry)
        self._happened = Happened(self._registry, regions)

    @property
    def observer(self) -> Observer:
        """Counts what it watches."""
        return self._watched

    def on_event(self, recorded: RecordedEvent) -> None:
        """Something was committed to the audit log. Returns at once."""
        self._happened.on_event(recorded)

    @contextmanager
    def counting_log_lines(self) -> Iterator[None]:
        """Count lines of the log until the block is left."""
        lines = LogLines(self._happened)
        logging.getLogger().addHandler(lines)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(lines)

    async def exposed(self, sources: Sources) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(_All(await read(sources), self._registry))


class _All(Collector):
    """Readings and counters together. When each counter began is left out: the process says when it did."""

    def __init__(self, readings: Sequence[Metric], registry: CollectorRegistry) -> None:
        self._readings = readings
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        yield from self._readings
        for family in self._registry.collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family
