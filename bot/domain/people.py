"""Who asks, and who acts when nobody asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks for something.

    Attributes:
        id: the chat's id of this person, such as ``U024BE7LH``; empty where it could not be known.
        name: as shown in the audit log; never used to decide anything.
    """

    id: str
    name: str


BOT = Person(id="bot", name="bot")
"""The bot itself, for what nobody asked for just then."""
