"""What is counted and read, and that what people and services send makes no new series."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventFilter, EventKind, RecordedEvent
from bot.domain.people import BOT
from bot.domain.reasons import Fault, Reason
from bot.operations.observing import OK, Activity, BudgetState, Seen
from bot.operations.ports import StoreTroubleError
from bot.operations.readiness import Standing
from tests.fakes.metrics import Scrape, WatchedBot
from tests.fakes.world import FULL

AT = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def watched() -> WatchedBot:
    return WatchedBot()


def event(kind: EventKind, source: str | None = "DFW", destination: str | None = "IAD") -> RecordedEvent:
    return RecordedEvent(1, Event(kind, AT, BOT, source=source, destination=destination), "")


# What happens


async def test_each_thing_at_a_border_is_counted_with_its_outcome_and_timed(watched: WatchedBot) -> None:
    observer = watched.metrics.observer
    for activity in (Activity.SLACK_REQUEST, Activity.SLACK_CALL, Activity.CLOUD_CALL):
        with observer.watching(Seen(activity, "this", "DFW")) as seen:
            seen.outcome = OK
    with pytest.raises(LookupError), observer.watching(Seen(Activity.CLOUD_CALL, "this", "DFW")):
        raise LookupError
    observer.rate_limited()

    scrape = await watched.scrape()

    assert scrape.value("copy_backup_slack_requests_total", request="this", outcome="ok") == 1
    assert scrape.value("copy_backup_slack_acknowledgement_seconds_count", request="this") == 1
    assert scrape.value("copy_backup_slack_calls_total", method="this", outcome="ok") == 1
    assert scrape.value("copy_backup_slack_call_seconds_count") == 1
    assert scrape.value("copy_backup_slack_rate_limited_total") == 1
    assert scrape.value("copy_backup_cloud_calls_total", region="DFW", call="this", outcome="ok") == 1
    assert scrape.value("copy_backup_cloud_calls_total", region="DFW", call="this", outcome="unexpected") == 1
    assert scrape.value("copy_backup_cloud_call_seconds_count", call="this") == 2


async def test_how_long_it_took_is_the_time_until_it_ended(watched: WatchedBot) -> None:
    with watched.metrics.observer.watching(Seen(Activity.SLACK_CALL, "this")):
        await asyncio.sleep(0.02)

    assert (await watched.scrape()).value("copy_backup_slack_call_seconds_sum") >= 0.02


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (EventKind.COMPLETED, "completed"),
        (EventKind.FOUND_THERE, "completed"),
        (EventKind.FAILED, "failed"),
        (EventKind.REFUSED, "refused"),
        (EventKind.LEFT_UNDONE, "stopped"),
        (EventKind.LOST, "lost"),
    ],
)
async def test_a_copy_that_has_ended_is_counted_by_its_way(watched: WatchedBot, kind: EventKind, outcome: str) -> None:
    before = await watched.scrape()
    assert before.value("copy_backup_copies_ended_total", outcome=outcome) == 0
    watched.metrics.on_event(event(kind))

    scrape = await watched.scrape()

    assert scrape.value("copy_backup_copies_ended_total", outcome=outcome, source="DFW", destination="IAD") == 1
    assert scrape.value("copy_backup_copies_ended_total") == 1
    assert scrape.value("copy_backup_audit_events_total", kind=kind.value) == 1


async def test_what_ends_no_copy_is_an_event_and_nothing_else(watched: WatchedBot) -> None:
    for kind in EventKind:
        watched.metrics.on_event(event(kind, None, None))

    scrape = await watched.scrape()

    assert scrape.value("copy_backup_audit_events_total") == len(EventKind)
    assert scrape.value("copy_backup_copies_ended_total") == 0


@pytest.fixture
def counting(watched: WatchedBot) -> Iterator[WatchedBot]:
    with watched.metrics.counting_log_lines():
        yield watched


async def test_lines_of_the_log_are_counted_by_their_level_and_not_read(counting: WatchedBot) -> None:
    log = logging.getLogger("bot.somewhere")
    log.info("no more than this")
    log.warning("token %s", "xoxb-1")
    log.error("broken")
    log.log(35, "a level of somebody's own")

    text = (await counting.metrics.exposed(counting.sources)).decode()

    scrape = Scrape.of(text)
    assert scrape.value("copy_backup_log_lines_total", level="WARNING") == 1
    assert scrape.value("copy_backup_log_lines_total", level="ERROR") == 1
    assert scrape.value("copy_backup_log_lines_total") == 2
    assert "xoxb" not in text


async def test_nothing_is_counted_for_a_bot_that_has_ended(watched: WatchedBot) -> None:
    with watched.metrics.counting_log_lines():
        pass
    logging.getLogger("bot").warning("of another")

    assert (await watched.scrape()).value("copy_backup_log_lines_total") == 0


async def test_two_bots_in_one_process_share_nothing(watched: WatchedBot) -> None:
    WatchedBot().metrics.observer.rate_limited()

    assert (await watched.scrape()).value("copy_backup_slack_rate_limited_total") == 0


# What there is


async def test_copies_are_counted_by_their_state_and_way(watched: WatchedBot) -> None:
    copy = await watched.world.requested(FULL)
    scrape = await watched.scrape()
    assert scrape.value("copy_backup_copies", state="requested", source="DFW", destination="IAD") == 1
    assert scrape.value("copy_backup_copies") == 1

    moved = copy.moved(CopyState.SENDING)
    assert await watched.world.record.move(moved, replace(event(EventKind.SENDING).event, copy_id=copy.id))
    scrape = await watched.scrape()
    assert scrape.value("copy_backup_copies", state="requested") == 0
    assert scrape.value("copy_backup_copies", state="sending", source="DFW", destination="IAD") == 1


async def test_what_memory_and_files_have_is_read(watched: WatchedBot) -> None:
    await watched.world.catalogue.replace("DFW", watched.world.clock.now(), [FULL])
    await watched.world.clock.sleep(30.0)
    await watched.world.requested(FULL)
    watched.budgets = [BudgetState("DFW", "list", 97, 2)]
    watched.untold = 3

    scrape = await watched.scrape()

    events = await watched.world.record.events(EventFilter(), limit=1)
    assert scrape.value("copy_backup_audit_log_size") == events[0].sequence
    assert scrape.value("copy_backup_untold_orders") == 3
    assert scrape.value("copy_backup_cloud_budget_left", region="DFW", call="list") == 97
    assert scrape.value("copy_backup_cloud_calls_waiting", region="DFW", call="list") == 2
    assert scrape.value("copy_backup_catalogue_backups", region="DFW") == 1
    assert scrape.value("copy_backup_catalogue_age_seconds", region="DFW") >= 30.0
    assert "region=SYD" not in scrape.families["copy_backup_catalogue_age_seconds"]
    assert scrape.value("copy_backup_file_bytes", file="record") == 4096
    assert scrape.families["copy_backup_info"] == {"version=1.2.3": 1.0}


async def test_whether_it_can_be_used_and_what_it_lacks(watched: WatchedBot) -> None:
    scrape = await watched.scrape()
    assert scrape.value("copy_backup_ready") == 1
    assert set(scrape.families["copy_backup_dependency_up"].values()) == {1.0}
    watched.standing = Standing(missing={"database": "the disk is full"}, warnings={"SYD": "no_answer"})

    scrape = await watched.scrape()

    assert scrape.value("copy_backup_ready") == 0
    down = {name for name, up in scrape.families["copy_backup_dependency_up"].items() if not up}
    assert down == {"dependency=database", "dependency=SYD"}


async def test_while_the_files_are_in_trouble_what_is_known_without_them_is_told(
    watched: WatchedBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> list[Copy]:
        raise StoreTroubleError("bot.sqlite is closed")

    monkeypatch.setattr(watched.world.record, "open_copies", broken)

    scrape = await watched.scrape()

    assert "copy_backup_copies" not in scrape.families
    assert scrape.value("copy_backup_ready") == 1
    assert scrape.value("copy_backup_slack_rate_limited_total") == 0


async def test_while_nobody_knows_what_is_left_of_the_budgets_the_rest_is_told(watched: WatchedBot) -> None:
    watched.budgets = StoreTroubleError("the ledger is away")

    scrape = await watched.scrape()

    assert "copy_backup_cloud_budget_left" not in scrape.names
    assert scrape.value("copy_backup_copies") == 0


async def test_what_people_and_services_send_makes_no_new_series(watched: WatchedBot) -> None:
    watched.metrics.on_event(event(EventKind.COMPLETED))
    before = await watched.scrape()
    await watched.world.catalogue.note_refresh("DFW", running=None, fault=Fault(Reason.NO_ANSWER, message="<!here>"))
    await watched.world.requested(replace(FULL, name="another name", description="<script>"))
    hostile = replace(event(EventKind.COMPLETED).event, backup_name="{}\n", reason=Reason.FORBIDDEN, facts={"a": "b"})
    watched.metrics.on_event(RecordedEvent(2, hostile, ""))

    scrape = await watched.scrape()

    assert {name: set(samples) for name, samples in scrape.families.items()} == {
        name: set(samples) for name, samples in before.families.items()
    }
