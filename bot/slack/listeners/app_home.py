"""App Home: it is opened, and its buttons, which are in the answer to ``coverage`` as well."""

import logging
from dataclasses import replace
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.orders import OrderStanding
from bot.domain.people import Person
from bot.domain.reasons import Problem, Reason
from bot.operations import review
from bot.operations.approve_order import may_decide
from bot.slack.desk import Desk
from bot.slack.guard import Visit
from bot.slack.listeners.buttons import on_press
from bot.slack.listeners.copy_form import show_choice
from bot.slack.listeners.opening import Opening, open_form, open_view
from bot.slack.listeners.visits import visit_of
from bot.slack.payloads import HomeOpened, Press
from bot.slack.trouble import SlackTroubleError
from bot.slack.views import copy_form, coverage, home
from bot.slack.views.backup_choice import ReadError
from bot.slack.views.copy_form import CopyForm
from bot.slack.views.coverage import Gap

logger = logging.getLogger(__name__)


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to Home."""

    @app.event("app_home_opened")
    async def opened(ack: AsyncAck, body: dict[str, Any]) -> None:
        event = HomeOpened.model_validate(body)
        if event.tab == "home":
            desk.homes.opened(event.user_id, partial(_publish, desk, event))
        await ack()

    on_press(app, desk, [home.NEW_COPY], partial(_open, desk), "open the form")
    on_press(app, desk, [coverage.FILL_GAP], partial(_open_for_gap, desk), "open the form for a gap")


async def _publish(desk: Desk, event: HomeOpened) -> None:
    """Show somebody their Home, or that they may not use the bot."""
    visit = Visit(
        person=Person(event.user_id, ""),
        team=event.team_id,
        person_team=None,
        channel=None,
        attempted="the app's Home",
        as_approver=True,
    )
    reason = await desk.refusal(visit)
    view = home.draw_refused(reason) if reason else await _home(desk, visit.person)
    try:
        await desk.client.publish_home(event.user_id, view)
    except SlackTroubleError as trouble:
        logger.warning("Home could not be shown: %s", trouble)


async def _home(desk: Desk, person: Person) -> dict[str, object]:
    sight = desk.sight_of(person)
    running = await review.open_orders(desk.ports, sight=sight)
    mine = await review.recent_orders_of(desk.ports, person.id)
    shown = [*running[: home.MOST_ORDERS], *[each for each in mine if not each.is_open][: home.MOST_ORDERS]]
    return home.draw(
        await desk.coverage_for(person),
        running,
        mine,
        await review.found_outside(desk.ports, sight, limit=home.MOST_EVENTS),
        awaiting=await _awaiting(desk, person),
        now=desk.ports.clock.now(),
        links=await desk.links_to([each.order.id for each in shown]),
        command=desk.command,
    )


async def _awaiting(desk: Desk, person: Person) -> list[OrderStanding]:
    """The orders that somebody may decide about."""
    member = await desk.guard.member(person.id)
    if member is None:
        return []
    waiting = [each for each in await review.open_orders(desk.ports) if each.awaits_approval]
    return [each for each in waiting if may_decide(desk.ports, each, member)]


async def _open_for_gap(desk: Desk, press: Press) -> None:
    try:
        gap = coverage.read_gap(press.actions[0].value or "")
    except ReadError as error:
        logger.warning("a gap was not read: %s", error)
        gap = None
    await _open(desk, press, gap)


async def _open(desk: Desk, press: Press, gap: Gap | None = None) -> None:
    """Open the form, filled in for a gap."""
    visit = visit_of(press, "a button in Home or at a gap")
    decision = desk.decide(visit)
    opening = Opening(visit, press.trigger_id, press.response_url, is_known=decision is None)
    if isinstance(decision, Reason):
        await open_view(desk, opening, copy_form.draw_refused([Problem(decision)]))
        return
    form = await _filled(desk, visit, gap) if gap else None
    opened = await open_form(desk, opening, form)
    if opened is not None and form is not None and form.request is not None:
        await show_choice(desk, opened.id, form, visit.person, seen_hash=opened.hash)


async def _filled(desk: Desk, visit: Visit, gap: Gap) -> CopyForm:
    """The form with the backup and where it is missing; without the backup where that is gone meanwhile."""
    form = await desk.first_form(visit.person.id, visit.channel)
    destinations = (gap.destination,) if gap.destination in desk.ports.cloud.regions else ()
    form = replace(form, source=gap.source, destinations=tuple(each for each in destinations if each))
    backup = await desk.ports.catalogue.backup(gap.source, gap.backup_id)
    return form.choosing([backup], desk.ports.clock.now()) if backup else form
