"""How old the newest backup may be, where no rule says so."""

from datetime import timedelta

from bot.domain.backup import Origin


def nothing_wanted(_origin: Origin, _region: str) -> timedelta | None:
    return None
