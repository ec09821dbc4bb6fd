"""Who is told of an order, where and of what: the channel in which it was asked for, and those who have to agree."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.events import EventKind, RecordedEvent
from bot.domain.orders import Order, OrderStanding
from bot.slack.views import answers, approval_message, copy_message, thread
from bot.slack.views.blocks import Json, Message
from bot.slack.views.copy_message import Likely

Story = Sequence[RecordedEvent]


class Audience(Protocol):
    """Some people who are told of orders, in one message for each order and in its thread."""

    event_type: str
    """Of the metadata of its messages."""

    def channel(self, order: Order) -> str | None:
        """Id of the channel they are told in; ``None`` for an order that they are not told of."""
        ...

    def is_over(self, standing: OrderStanding, story: Story) -> bool:
        """Whether they will be told nothing more of it."""
        ...

    def revision(self, standing: OrderStanding, story: Story) -> int:
        """Grows whenever the message is not true any more."""
        ...

    def draw(self, standing: OrderStanding, story: Story, likely: Likely, now: datetime) -> Message:
        """The message as it should be now."""
        ...

    def metadata(self, standing: OrderStanding) -> Json:
        """What finds the message again."""
        ...

    def tells(self, kind: EventKind) -> bool:
        """Whether the thread has a line for such an event."""
        ...

    def line(self, recorded: RecordedEvent, standing: OrderStanding, *, is_last: bool) -> Message | None:
        """What the thread says of an event."""
        ...

    def instead(self, standing: OrderStanding, error: str, now: datetime) -> Message | None:
        """What the person who asked is told where the channel cannot be; ``None``: nothing yet.

        Args:
            standing: the order.
            error: Slack's name of the error.
            now: for lengths of time.
        """
        ...


class Requesters:
    """The channel that the person who asked has chosen: it is told everything."""

    event_type = copy_message.EVENT_TYPE

    def channel(self, order: Order) -> str | None:
        """The one that was chosen."""
        return order.channel

    def is_over(self, standing: OrderStanding, _story: Story) -> bool:
        """When all copies have ended."""
        return not standing.is_open

    def revision(self, standing: OrderStanding, _story: Story) -> int:
        """The order's."""
        return standing.revision

    def draw(self, standing: OrderStanding, story: Story, likely: Likely, now: datetime) -> Message:
        """All of it."""
        return copy_message.draw(standing, now=now, story=story, likely=likely)

    def metadata(self, standing: OrderStanding) -> Json:
        """The order's id and state."""
        return copy_message.metadata(standing)

    def tells(self, kind: EventKind) -> bool:
        """Nearly all."""
        return kind in thread.LINES

    def line(self, recorded: RecordedEvent, standing: OrderStanding, *, is_last: bool) -> Message | None:
        """A line of the story."""
        return thread.line(recorded, standing, is_last=is_last)

    def instead(self, standing: OrderStanding, error: str, now: datetime) -> Message | None:
        """How it ended; nothing before that."""
        return None if standing.is_open else answers.not_told(standing, error, now=now)


class Approvers:
    """Those who have to agree, or to look at what went on without them."""

    event_type = approval_message.EVENT_TYPE

    def channel(self, order: Order) -> str | None:
        """The one that the rules name."""
        asked = order.glass or order.approval
        return asked.channel if asked else None

    def is_over(self, standing: OrderStanding, story: Story) -> bool:
        """When it was decided, or somebody has looked at it."""
        return approval_message.is_seen(story) if standing.order.glass else not standing.awaits_approval

    def revision(self, standing: OrderStanding, story: Story) -> int:
        """The gate's, and one more for who has looked at it."""
        return standing.gate.revision + int(approval_message.is_seen(story))

    def draw(self, standing: OrderStanding, story: Story, _likely: Likely, now: datetime) -> Message:
        """The plan, and what can be decided."""
        return approval_message.draw(standing, story=story, now=now)

    def metadata(self, standing: OrderStanding) -> Json:
        """The order's id and state."""
        return approval_message.metadata(standing)

    def tells(self, kind: EventKind) -> bool:
        """What was decided, and the reminder."""
        return kind in approval_message.LINES

    def line(self, recorded: RecordedEvent, standing: OrderStanding, *, is_last: bool) -> Message | None:  # noqa: ARG002
        """What was decided, or a reminder."""
        return approval_message.line(recorded, standing)

    def instead(self, standing: OrderStanding, error: str, now: datetime) -> Message | None:
        """That nobody could be asked, at once."""
        return answers.not_asked(standing, self.channel(standing.order) or "", error, now=now)
