"""What is remembered about the message an order has in its channel, so that a crash repeats nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Post:
    """The message of one order, and how much of its story it and its thread have told.

    Attributes:
        message_ts: Slack's name of the message; ``None`` while it is not known to be posted. A post saved
            without it says that posting was about to begin: after a crash the message is looked for first.
        told_sequence: of the last event told in the thread; 0 for none.
        shown_revision: of the order (the sum of its copies' revisions), as the message shows it; -1 for none.
        is_finished: whether nothing is left to be told.
        problem: Slack's name of the error for which it cannot be told; ``None`` when it can.
    """

    order_id: str
    channel: str
    message_ts: str | None = None
    told_sequence: int = 0
    shown_revision: int = -1
    is_finished: bool = False
    problem: str | None = None
