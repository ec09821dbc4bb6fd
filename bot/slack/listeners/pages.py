"""Lists that are leafed through: the backups, and what happened; *Copy …* at a backup of the list."""

from collections.abc import Awaitable, Callable
from functools import partial

from slack_bolt.async_app import AsyncApp

from bot.domain.people import Person
from bot.domain.reasons import Reason
from bot.operations.find_backups import remembered_backup
from bot.operations.history import history as what_happened
from bot.operations.list_backups import list_backups
from bot.slack.desk import Desk
from bot.slack.guard import Visit
from bot.slack.listeners.buttons import on_press
from bot.slack.listeners.opening import Opening, open_form
from bot.slack.listeners.visits import visit_of
from bot.slack.payloads import Press
from bot.slack.views import answers, backup_list, history, misread
from bot.slack.views.backup_choice import read_reference
from bot.slack.views.blocks import Message
from bot.slack.views.history_filter import read_filter
from bot.slack.views.misread import Misread

Draw = Callable[[Desk, Person, str], Awaitable[Message]]
"""Draws for a person what they asked for, in the words they could have typed."""


async def draw_list(desk: Desk, person: Person, typed: str) -> Message:
    """A page of the backups there are."""
    regions = desk.ports.cloud.regions
    asked = backup_list.read(typed, regions)
    if isinstance(asked, Misread):
        return misread.draw(asked, command=desk.command)
    found = await list_backups(
        desk.ports,
        [asked.region] if asked.region else regions,
        asked.text,
        page=asked.page,
        size=backup_list.PAGE,
        sight=desk.sight_of(person),
    )
    return backup_list.draw(
        found.backups,
        asked.at(found.page),
        found.freshness,
        total=found.total,
        pages=found.pages,
        now=desk.ports.clock.now(),
        command=desk.command,
    )


async def draw_history(desk: Desk, person: Person, typed: str) -> Message:
    """A page of what happened."""
    wanted = read_filter(typed, desk.ports.clock.now())
    if isinstance(wanted, Misread):
        return misread.draw(wanted, command=desk.command)
    page = await what_happened(desk.ports, wanted, size=history.PAGE, sight=desk.sight_of(person))
    return history.draw(page.events, wanted, has_older=page.has_older, has_newer=page.has_newer, command=desk.command)


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the buttons of both."""
    for actions, draw in (
        ((backup_list.Action.NEWER, backup_list.Action.OLDER), draw_list),
        ((history.Action.NEWER, history.Action.OLDER), draw_history),
    ):
        on_press(app, desk, actions, partial(_turn, desk, draw), "show another page")
    copy_one = [backup_list.Action.COPY]
    on_press(app, desk, copy_one, partial(_copy, desk), "open the form for a backup of the list")


async def _turn(desk: Desk, draw: Draw, press: Press) -> None:
    """Another page, in place of the one that is shown."""
    visit = visit_of(press, "another page of a list")
    if reason := await desk.refusal(visit):
        await desk.answer(press.response_url, answers.not_allowed(reason))
        return
    page = await draw(desk, visit.person, press.actions[0].value or "")
    await desk.answer(press.response_url, page, replaces=True)


async def _copy(desk: Desk, press: Press) -> None:
    """The form, with the backup chosen."""
    visit = visit_of(press, "a copy from the list")
    decision = desk.decide(visit)
    if isinstance(decision, Reason):
        await desk.answer(press.response_url, answers.not_allowed(decision))
        return
    opening = Opening(visit, press.trigger_id, press.response_url, is_known=decision is None)
    await _open(desk, opening, visit, *read_reference(press.actions[0].value or ""))


async def _open(desk: Desk, opening: Opening, visit: Visit, region: str, backup_id: str) -> None:
    backup = await remembered_backup(desk.ports, region, backup_id, sight=desk.sight_of(visit.person))
    if backup is None and opening.is_known:
        gone = answers.backup_gone(backup_id, region, command=desk.command)
        await desk.answer(opening.response_url, gone)
        return
    form = await desk.first_form(visit.person.id, visit.channel)
    now = desk.ports.clock.now()
    await open_form(desk, opening, form.choosing([backup], now) if backup else form)
