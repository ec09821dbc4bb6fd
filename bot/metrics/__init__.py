"""What can be measured of the bot, for Prometheus. Nobody else knows of it: rooms tell an observer what they do
(`bot.operations.observing`), and what there is is read when somebody asks.
"""

from bot.metrics.metrics import Metrics
from bot.metrics.readings import Sources

__all__ = ["Metrics", "Sources"]
