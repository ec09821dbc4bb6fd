"""Why there is no bot."""


class CannotStartError(Exception):
    """The bot cannot start. The text says why and what to do."""
