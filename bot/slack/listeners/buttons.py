"""Listening to buttons: whoever presses one is answered at once, and what it does is done after that."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.slack.desk import Desk
from bot.slack.payloads import Press


def on_press(
    app: AsyncApp,
    desk: Desk,
    buttons: Iterable[str],
    work: Callable[[Press], Coroutine[object, object, object]],
    what: str,
) -> None:
    """Have something done when one of some buttons is pressed.

    Args:
        app: that hears of it.
        desk: does it, and tells the person if it goes wrong.
        buttons: the action ids.
        work: does it.
        what: it is, in the bot's own words.
    """

    async def pressed(ack: AsyncAck, body: dict[str, Any]) -> None:
        press = Press.model_validate(body)
        desk.run(work(press), what, press.response_url)
        await ack()

    for button in buttons:
        app.action({"action_id": button, "type": "block_actions"})(pressed)
