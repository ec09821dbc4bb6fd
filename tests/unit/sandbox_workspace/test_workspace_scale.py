"""A busy channel is no burden."""

from bot.sandbox.workspace import SimulatedWorkspace
from bot.sandbox.workspace.messages import StoredMessage
from tests.fakes.processor import growth


def read_and_write(count: int) -> None:
    """So many messages, each with a reply, each read with its thread and changed."""
    workspace = SimulatedWorkspace()
    channel, messages = workspace.channel("#databases"), workspace._state.messages
    for number in range(count):
        message = messages.add(StoredMessage(channel.id, messages.new_ts(), "U1", f"message {number}"))
        messages.add(StoredMessage(channel.id, messages.new_ts(), "U1", "reply", thread_ts=message.ts))
        messages.change(message, text="changed", accepted=message.accepted)
        assert messages.find(channel.id, message.ts) is message
        assert [reply.text for reply in messages.replies(channel.id, message.ts)] == ["reply"]
    assert len(channel.messages) == count


def test_many_messages_are_as_cheap_each_as_few() -> None:
    assert growth(read_and_write, few=300, times=16) < 64
