"""The slash command: the form, the short form, and what can be asked for in words."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.people import Person
from bot.domain.reasons import Reason
from bot.operations import review
from bot.operations.stop_order import Stopped, stop_order
from bot.slack.desk import Desk
from bot.slack.guard import Visit
from bot.slack.listeners.keep import answer_keeping, open_keeping
from bot.slack.listeners.opening import Opening, open_form, open_short_form
from bot.slack.listeners.pages import draw_history, draw_list
from bot.slack.payloads import Command
from bot.slack.views import answers, coverage, order_status, permissions, status
from bot.slack.views import help as usage
from bot.slack.views.command import (
    Cancel,
    ChangeKeeping,
    Coverage,
    Help,
    History,
    Keep,
    ListBackups,
    OpenForm,
    ShortForm,
    Status,
    Wish,
    parse,
)


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
    if isinstance(wish, Keep):
        await open_keeping(desk, opening, wish)
        return
    if not is_known and (reason := await desk.refusal(visit)):
        await desk.answer(command.response_url, answers.not_allowed(reason))
        return
    await _answer_words(desk, command, visit, wish)


async def _answer_words(desk: Desk, command: Command, visit: Visit, wish: Wish) -> None:
    """Answer what is asked for in words, to somebody who may ask."""
    match wish:
        case Status(None):
            await _status(desk, command, visit)
        case Status(str(order_id)):
            await _status_of(desk, command, visit, order_id)
        case ListBackups(typed):
            await desk.answer(command.response_url, await draw_list(desk, visit.person, typed))
        case History(typed):
            await desk.answer(command.response_url, await draw_history(desk, visit.person, typed))
        case Coverage(text, page):
            report, now = await desk.coverage_for(visit.person), desk.ports.clock.now()
            drawn = coverage.draw(report, now=now, text=text, page=page, command=desk.command)
            await desk.answer(command.response_url, drawn)
        case Cancel(order_id):
            await _cancel(desk, command, visit, order_id)
        case ChangeKeeping():
            await desk.answer(command.response_url, await answer_keeping(desk, visit, wish))
        case Help(near, typed):
            may = await _permissions(desk, visit)
            drawn = usage.draw(near, typed=typed, command=desk.command, permissions=may)
            await desk.answer(command.response_url, drawn)


async def _permissions(desk: Desk, visit: Visit) -> list[str]:
    """What the rules let somebody do, in words."""
    member, rules = await desk.guard.member(visit.person.id), desk.ports.rules.now()
    if member is None:
        return []
    allowed = rules.that_allow(member)
    approvals = [rule for rule in rules.approvals if any(rule.scope.overlaps(each.scope) for each in allowed)]
    may_break = rules.break_glass is not None and rules.break_glass.people.include(member)
    return permissions.lines_for(allowed, approvals, may_break_glass=may_break)


async def _status(desk: Desk, command: Command, visit: Visit) -> None:
    running = await review.open_orders(desk.ports, sight=desk.sight_of(visit.person))
    mine = await review.recent_orders_of(desk.ports, command.user_id)
    links = await desk.links_to([each.order.id for each in running[: status.MOST]])
    drawn = status.draw(running, mine, now=desk.ports.clock.now(), links=links, command=desk.command)
    await desk.answer(command.response_url, drawn)


async def _status_of(desk: Desk, command: Command, visit: Visit, typed: str) -> None:
    """One order in full."""
    standing = await review.find_order(desk.ports, typed, sight=desk.sight_of(visit.person))
    if standing is None:
        await _say_which(desk, command, visit, typed, "status")
        return
    order_id = standing.order.id
    story, likely = await review.story_of(desk.ports, standing)
    link = await desk.link_to(order_id)
    drawn = order_status.draw(standing, story, now=desk.ports.clock.now(), likely=likely, permalink=link)
    await desk.answer(command.response_url, drawn)


async def _cancel(desk: Desk, command: Command, visit: Visit, typed: str) -> None:
    standing = await review.find_order(desk.ports, typed, sight=desk.sight_of(visit.person))
    if standing is None:
        await _say_which(desk, command, visit, typed, "cancel")
        return
    if not await desk.may_act_on(standing, visit.person.id):
        await desk.answer(command.response_url, answers.not_allowed(Reason.NOT_IN_RULES))
        return
    link = await desk.link_to(standing.order.id)
    outcome = await stop_order(desk.ports, standing.order.id, visit.person, command.channel_id)
    standing = outcome.standing or standing
    if isinstance(outcome, Stopped):
        answer = answers.stopped(standing, outcome.copies, outcome.shared, permalink=link)
    else:
        answer = answers.not_stopped(standing, outcome.shared, now=desk.ports.clock.now(), permalink=link)
    await desk.answer(command.response_url, answer)


async def _say_which(desk: Desk, command: Command, visit: Visit, typed: str, verb: str) -> None:
    """No order has this id, or several begin with it."""
    maybe = await review.orders_maybe_meant(desk.ports, typed, sight=desk.sight_of(visit.person))
    answer = answers.unknown_order(
        typed, maybe.orders, is_ambiguous=maybe.is_ambiguous, verb=verb, command=desk.command
    )
    await desk.answer(command.response_url, answer)
