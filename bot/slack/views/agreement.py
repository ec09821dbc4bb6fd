"""What somebody said who had to agree: told in the thread of the order, and in that of the approvers' message."""

from bot.domain.events import Event
from bot.slack.views.text import count, escape, person_name

LONGEST_REASON = 1000
"""Characters of a reason that are told."""


def approved(event: Event, _about: object) -> str:
    """Somebody agreed."""
    missing = event.facts.get("missing")
    more = f" {count(missing, 'more approval')} needed." if isinstance(missing, int) and missing else ""
    return f"{person_name(event.who)} *agreed*.{more}"


def declined(event: Event, _about: object) -> str:
    """Somebody said no."""
    why = escape(str(event.facts.get("because") or "no reason given"), LONGEST_REASON)
    return f"{person_name(event.who)} *declined* it: {why}\nNothing was copied."


def expired(_event: Event, _about: object) -> str:
    """The time is over."""
    return "*Nobody agreed in time.* Nothing was copied; who asked can ask again."
