"""Why there is no bot, or none any more."""


class CannotStartError(Exception):
    """The bot cannot start, or cannot take up the work. The text says why and what to do."""


class TakenOverError(Exception):
    """Another bot has taken over the work of this one, which has to end."""
