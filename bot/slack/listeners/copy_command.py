"""The slash command: the form, the short form, and what can be asked for in words."""

import asyncio
import difflib
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.people import Person
from bot.domain.reasons import Reason
from bot.operations import review
from bot.operations.stop_copy import Stopped, stop_copy
from bot.slack.desk import Desk
from bot.slack.guard import Visit
from bot.slack.listeners.opening import Opening, open_form, open_short_form
from bot.slack.payloads import Command
from bot.slack.views import answers, history, status
from bot.slack.views import help as usage
from bot.slack.views.command import Cancel, Help, History, OpenForm, ShortForm, Status, parse


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
        case Cancel(copy_id):
            await _cancel(desk, command, visit, copy_id)
        case Help(near, typed):
            await desk.answer(command.response_url, usage.draw(near, typed=typed, command=desk.command))


async def _status(desk: Desk, command: Command) -> None:
    running = await review.open_copies(desk.ports)
    mine = await review.recent_copies_of(desk.ports, command.user_id)
    shown = running[: status.MOST]
    found = await asyncio.gather(*(desk.link_to(copy) for copy in shown))
    links = {copy.id: link for copy, link in zip(shown, found, strict=True) if link}
    drawn = status.draw(running, mine, now=desk.ports.clock.now(), links=links, command=desk.command)
    await desk.answer(command.response_url, drawn)


async def _cancel(desk: Desk, command: Command, visit: Visit, copy_id: str) -> None:
    outcome = await stop_copy(desk.ports, copy_id, visit.person, command.channel_id)
    if isinstance(outcome, Stopped):
        answer = answers.stopped(outcome.copy, permalink=await desk.link_to(outcome.copy))
    elif outcome.copy is not None:
        link = await desk.link_to(outcome.copy)
        answer = answers.not_stopped(outcome.copy, now=desk.ports.clock.now(), permalink=link)
    else:
        running = {copy.id: copy for copy in await review.open_copies(desk.ports)}
        near = [running[each] for each in difflib.get_close_matches(copy_id, running, cutoff=0.3)]
        answer = answers.unknown_copy(copy_id, near, command=desk.command)
    await desk.answer(command.response_url, answer)
