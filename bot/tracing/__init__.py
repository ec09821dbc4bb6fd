"""Traces, for whoever has a place to send them to (OpenTelemetry over OTLP/HTTP). Imported only where that is set: the
library is an extra. No other room knows of it: rooms tell an observer what they do (`bot.operations.observing`).
"""

from bot.tracing.traces import Traces

__all__ = ["Traces"]
