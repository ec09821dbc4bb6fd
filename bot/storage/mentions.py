"""Whether an event has a text in it: a function that SQLite calls, and PostgreSQL has its own of
(`bot.storage.postgres_schema`).
"""

import json


def mentions(body: str, text: str) -> bool:
    """Whether a value in the body, and not just the name of one or the time, has the text in it."""
    event = json.loads(body)
    values: list[object] = [value for name, value in event.items() if name != "at"]
    sought = text.casefold()
    while values:
        value = values.pop()
        if isinstance(value, dict):
            values.extend(value.values())
        elif value is not None and sought in str(value).casefold():
            return True
    return False
