"""A busy channel is no burden: measured as processor time, and as how it grows with the number of messages."""

import time

from bot.sandbox.workspace import SimulatedWorkspace
from bot.sandbox.workspace.messages import StoredMessage

GROWTH = 16
BEARABLE = 2 * GROWTH


def read_and_written(count: int) -> float:
    """Processor seconds for so many messages, each with a reply, each read with its thread and changed."""
    workspace = SimulatedWorkspace()
    channel, messages = workspace.channel("#databases"), workspace._state.messages
    began = time.process_time()
    for number in range(count):
        message = messages.add(StoredMessage(channel.id, messages.new_ts(), "U1", f"message {number}"))
        messages.add(StoredMessage(channel.id, messages.new_ts(), "U1", "reply", thread_ts=message.ts))
        messages.change(message, text="changed", accepted=message.accepted)
        assert messages.find(channel.id, message.ts) is message
        assert [reply.text for reply in messages.replies(channel.id, message.ts)] == ["reply"]
    assert len(channel.messages) == count
    return time.process_time() - began


def test_many_messages_are_as_cheap_each_as_few() -> None:
    read_and_written(300)  # whatever is done only once is done now
    few = min(read_and_written(300) for _ in range(3))
    assert read_and_written(300 * GROWTH) < max(few, 0.01) * BEARABLE
