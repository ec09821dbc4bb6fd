"""The slash command: the form, the short form, and what can be asked for in words."""

import asyncio
import difflib
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.people import Person
from bot.domain.reasons import Reason
from bot.operations import review
from bot.operations.stop_order import Stopped, stop_order
from bot.slack.desk import Desk
from bot.slack.guard import Visit
from bot.slack.listeners.keep import change_keeping, open_keeping
from bot.slack.listeners.opening import Opening, open_form, open_short_form
from bot.slack.payloads import Command
from bot.slack.views import answers, history, status
from bot.slack.views import help as usage
from bot.slack.views.command import Cancel, ChangeKeeping, Help, History, Keep, OpenForm, ShortForm, Status, parse


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the command."""

    @app.command(desk.command)
    async def copy_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        command = Command.model_validate(body)
        visit = _visit(command)
        decision = desk.decide(visit)
        if isinstance(decision, Reason):
            refused = answers.not_allowed(decision)
            await ack(text=refused.text, blocks=refused.blocks)
            return
        desk.run(_answer(desk, command, visit, is_known=decision is None), "answer a command", command.response_url)
        await ack()


def _visit(command: Command) -> Visit:
    return Visit(
        person=Person(command.user_id, command.user_name),
        team=command.team_id,
        person_team=None,
        channel=command.channel_id,
        attempted="the slash command",
    )


async def _answer(desk: Desk, command: Command, visit: Visit, *, is_known: bool) -> None:
    wish = parse(command.text, desk.ports.cloud.regions)
    opening = Opening(visit, command.trigger_id, command.response_url, is_known=is_known)
    if isinstance(wish, OpenForm):
        await open_form(desk, opening)
        return
    if isinstance(wish, ShortForm):
        await open_short_form(desk, opening, wish)
        return
    if not is_known and (reason := await desk.refusal(visit)):
        await desk.answer(command.response_url, answers.not_allowed(reason))
        return
    match wish:
        case Status():
            await _status(desk, command)
        case History(wanted):
            found = await review.history(desk.ports, wanted, limit=history.PAGE + 1)
            await desk.answer(command.response_url, history.draw(found, wanted, command=desk.command))
        case Cancel(order_id):
            await _cancel(desk, command, visit, order_id)
        case Keep():
            await open_keeping(desk, opening, wish)
        case ChangeKeeping():
            answer = await change_keeping(desk, visit.person, command.channel_id, wish)
            await desk.answer(command.response_url, answer)
        case Help(near, typed):
            await desk.answer(command.response_url, usage.draw(near, typed=typed, command=desk.command))


async def _status(desk: Desk, command: Command) -> None:
    running = await review.open_orders(desk.ports)
    mine = await review.recent_orders_of(desk.ports, command.user_id)
    ids = [each.order.id for each in running[: status.MOST]]
    found = await asyncio.gather(*(desk.link_to(order_id) for order_id in ids))
    links = {order_id: link for order_id, link in zip(ids, found, strict=True) if link}
    drawn = status.draw(running, mine, now=desk.ports.clock.now(), links=links, command=desk.command)
    await desk.answer(command.response_url, drawn)


async def _cancel(desk: Desk, command: Command, visit: Visit, order_id: str) -> None:
    outcome = await stop_order(desk.ports, order_id, visit.person, command.channel_id)
    standing = outcome.standing
    if standing is None:
        running = {each.order.id: each for each in await review.open_orders(desk.ports)}
        near = [running[each] for each in difflib.get_close_matches(order_id, running, cutoff=0.3)]
        await desk.answer(command.response_url, answers.unknown_order(order_id, near, command=desk.command))
        return
    link = await desk.link_to(standing.order.id)
    if isinstance(outcome, Stopped):
        answer = answers.stopped(standing, outcome.copies, outcome.shared, permalink=link)
    else:
        answer = answers.not_stopped(standing, outcome.shared, now=desk.ports.clock.now(), permalink=link)
    await desk.answer(command.response_url, answer)
