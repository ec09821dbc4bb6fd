"""What DBOS writes into the log: its warnings, without product advertising and without data."""

import logging

_TO_BE_EXPECTED = ("Asyncio task cancelled",)
"""One line for each copy under way whenever the bot is stopped."""


class _Discreet(logging.Filter):
    """Lets warnings and errors through, each as one line: tracebacks of DBOS carry statements and values."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or str(record.msg).startswith(_TO_BE_EXPECTED):
            return False
        if record.exc_info and record.exc_info[0]:
            record.msg, record.args = f"{record.getMessage()} {record.exc_info[0].__name__}", ()
            record.exc_info = record.exc_text = None
        return True


_DISCREET = _Discreet()


def keep_library_log_discreet() -> None:
    """To be called before DBOS is constructed, which otherwise adds a handler of its own. May be called again."""
    library = logging.getLogger("dbos")
    library.addFilter(_DISCREET)
    if not library.handlers:
        library.addHandler(logging.NullHandler())
