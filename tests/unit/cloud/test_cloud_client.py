import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from bot.cloud import CloudDatabases, Limits
from bot.cloud.client import FIRST_PAUSE, TRIES, UNSAID_WAIT
from bot.cloud.exchanges import MOST_BYTES
from bot.domain.backup import REGIONS_FOR_COPIES, Backup
from bot.domain.reasons import Fault, Reason, Repeat
from bot.operations.ports import Accepted
from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from bot.sandbox.loopback import cut_connection, loopback_server
from tests.fakes.clocks import JumpingClock
from tests.fakes.odd_service import OddService


async def copy(client: CloudDatabases, backup_id: str = "some-backup", name: str = "n") -> Accepted | Fault:
    return await client.copy("DFW", backup_id, destination="IAD", name=name, description="", request_id="7f3a-1")


async def all_of(client: CloudDatabases, region: str = "DFW") -> list[str]:
    """The ids of all backups of a region."""
    found: list[str] = []
    async for page in client.pages(region):
        assert not isinstance(page, Fault), page
        found.extend(backup.id for backup in page)
    return found


def listed(*ids: str, marker: str | None = None, href: str = "https://elsewhere/backups") -> Response:
    links = [{"rel": "next", "href": f"{href}?marker={marker}&limit=20"}] if marker else []
    return JSONResponse({"backups": [{"id": one} for one in ids], "links": links})


SHOWN = JSONResponse({"backup": {"id": "a", "status": "COMPLETED"}})


# What is sent


async def test_a_copy_request_is_what_the_contract_prints(odd_client: CloudDatabases, odd: OddService) -> None:
    odd.answers(Response(status_code=202, headers={"Content-Length": "0"}, media_type="application/json"))
    answer = await odd_client.copy(
        "DFW", "ff44da4e", destination="IAD", name="dfw-to-iad", description="a backup copy", request_id="7f3a91c2-1"
    )
    assert answer == Accepted()
    (sent,) = odd.heard
    assert (sent.method, sent.path) == ("POST", "/v1.0/42/backups/ff44da4e/action")
    assert sent.document == {
        "copy-backup": {"target_backup_region": "IAD", "description": "a backup copy", "name": "dfw-to-iad"}
    }
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["x-auth-token"] == "token-1"
    assert sent.headers["x-auth-project-id"] == "42"
    assert sent.headers["x-request-id"] == "7f3a91c2-1"
    assert re.fullmatch(r"copy-backup-bot/(\d[\w.]*|unknown)", sent.headers["user-agent"])


async def test_every_read_has_a_request_id_of_its_own(odd_client: CloudDatabases, odd: OddService) -> None:
    odd.answers(SHOWN)
    for _ in range(2):
        await odd_client.show("DFW", "a")
    first, second = (sent.headers["x-request-id"] for sent in odd.heard)
    assert first != second


@pytest.mark.parametrize("name", ["<!channel> & <b>", "naïve 日本 🎉", 'quo"te\\', "x" * 64, "\ud800 alone"])
async def test_any_name_is_sent_as_valid_json(odd_client: CloudDatabases, odd: OddService, name: str) -> None:
    odd.answers(Response(status_code=202))
    await copy(odd_client, name=name)
    assert odd.heard[0].document["copy-backup"]["name"] == name


@pytest.mark.parametrize("text", ["../instances", "a/b", "a?marker=b", "a#b", "a b", "%2e%2e", "é"])
async def test_a_text_that_a_person_typed_stays_one_part_of_the_path(
    odd_client: CloudDatabases, odd: OddService, text: str
) -> None:
    odd.answers(JSONResponse({"itemNotFound": {"message": "No."}}, 404))
    answer = await odd_client.show("DFW", text)
    assert isinstance(answer, Fault)
    assert answer.reason is Reason.NOT_FOUND
    (sent,) = odd.heard
    assert sent.path == f"/v1.0/42/backups/{text}", "decoded by the server"
    assert sent.query == {}


@pytest.mark.parametrize("text", ["", ".", "..", "...", "a\0b"])
async def test_a_text_that_can_be_no_id_is_not_asked_for(
    odd_client: CloudDatabases, odd: OddService, text: str
) -> None:
    assert await odd_client.show("DFW", text) == Fault(Reason.NOT_FOUND)
    assert await copy(odd_client, text) == Fault(Reason.NOT_FOUND)
    assert odd.heard == []


async def test_connections_are_used_again(odd_client: CloudDatabases, odd: OddService) -> None:
    ports = Counter[int]()

    async def answer(request: Request) -> Response:
        assert request.client
        ports[request.client.port] += 1
        return SHOWN

    odd.answer = answer
    for _ in range(10):
        await odd_client.show("DFW", "a")
    assert len(ports) == 1


# What comes back


@pytest.mark.parametrize("status", [200, 201, 204, 302])
async def test_a_copy_that_is_answered_with_anything_but_202_may_have_begun(
    odd_client: CloudDatabases, odd: OddService, status: int
) -> None:
    odd.answers(Response(status_code=status))
    assert await copy(odd_client) == Fault(Reason.UNEXPECTED_ANSWER, status)
    assert len(odd.heard) == 1


@pytest.mark.parametrize("form", ["html", "empty"])
@pytest.mark.parametrize("status", [400, 403, 413, 500, 502, 503])
async def test_a_fault_that_is_a_page_or_nothing_has_its_status_and_no_words(
    client: CloudDatabases, simulated: SimulatedCloud, status: int, form: str
) -> None:
    simulated.trouble.refuse(status, operation="copy", html=form == "html", empty=form == "empty")
    answer = await copy(client)
    assert isinstance(answer, Fault)
    assert (answer.status, answer.name, answer.message) == (status, None, None)


@pytest.mark.parametrize(
    "response",
    [HTMLResponse("<html>hello</html>"), Response(), JSONResponse({}), JSONResponse([]), Response(b"\xff\xfe")],
    ids=["page", "empty", "no element", "list", "not text"],
)
async def test_an_answer_that_cannot_be_understood_is_told_with_its_status(
    odd_client: CloudDatabases, odd: OddService, response: Response
) -> None:
    odd.answers(response)
    unexpected = Fault(Reason.UNEXPECTED_ANSWER, 200)
    assert await odd_client.show("DFW", "a") == unexpected
    assert [page async for page in odd_client.pages("DFW")] == [unexpected]


async def test_an_answer_without_end_is_cut(odd_client: CloudDatabases, odd: OddService) -> None:
    sent = 0

    async def answer(_request: Request) -> Response:
        async def for_ever() -> AsyncIterator[bytes]:
            nonlocal sent
            while True:
                sent += 65536
                yield b" " * 65536
                await asyncio.sleep(0)

        return StreamingResponse(for_ever())

    odd.answer = answer
    assert await odd_client.show("DFW", "a") == Fault(Reason.UNEXPECTED_ANSWER, 200)
    assert sent < 4 * MOST_BYTES


@pytest.mark.parametrize(
    ("status", "expected"),
    [(202, Accepted()), (403, Fault(Reason.FORBIDDEN, 403)), (503, Fault(Reason.SERVICE_UNAVAILABLE, 503))],
)
async def test_a_status_counts_even_if_the_rest_of_the_answer_is_lost(
    odd_client: CloudDatabases, odd: OddService, status: int, expected: Accepted | Fault
) -> None:
    async def answer(request: Request) -> Response:
        async def half() -> AsyncIterator[bytes]:
            yield b'{"forbidden"'
            await cut_connection(request)

        return StreamingResponse(half(), status, {"Content-Length": "1000"})

    odd.answer = answer
    assert await copy(odd_client) == expected
    assert len(odd.heard) == 1


async def test_a_read_whose_answer_breaks_off_is_tried_again(odd_client: CloudDatabases, odd: OddService) -> None:
    async def answer(request: Request) -> Response:
        async def half() -> AsyncIterator[bytes]:
            yield b'{"backup"'
            await cut_connection(request)

        return SHOWN if len(odd.heard) > 1 else StreamingResponse(half(), 200, {"Content-Length": "1000"})

    odd.answer = answer
    assert isinstance(await odd_client.show("DFW", "a"), Backup)
    assert len(odd.heard) == 2


# No answer


async def test_a_copy_whose_connection_is_cut_is_not_repeated(
    client: CloudDatabases, simulated: SimulatedCloud
) -> None:
    simulated.trouble.cut_connection(operation="copy", times=100)
    assert await copy(client) == Fault(Reason.NO_ANSWER)
    assert len(simulated.copy_requests()) == 1


async def test_a_copy_that_is_answered_too_late_has_no_answer_and_is_not_repeated(
    hasty: CloudDatabases, simulated: SimulatedCloud
) -> None:
    assert await hasty.check_identity() is None
    backup = simulated.add_backup()
    held = simulated.trouble.hold("copy", after_work=True)
    assert await copy(hasty, backup.id) == Fault(Reason.NO_ANSWER)
    held.release()
    assert len(simulated.copy_requests()) == 1


async def test_an_answer_that_trickles_for_ever_is_no_answer(odd: OddService, clock: JumpingClock) -> None:
    async def answer(_request: Request) -> Response:
        async def trickle() -> AsyncIterator[bytes]:
            while True:
                yield b" "
                await asyncio.sleep(0.05)

        return StreamingResponse(trickle(), 202)

    odd.answer = answer
    async with odd.serving() as identity_url:
        client = CloudDatabases(identity_url, "ana", SecretStr("k"), REGIONS_FOR_COPIES, clock, timeout=1.0)
        assert await copy(client) == Fault(Reason.NO_ANSWER)
        await client.aclose()


async def test_a_region_that_nobody_can_reach_got_no_request_so_that_it_may_be_sent_again(
    odd_client: CloudDatabases, odd: OddService
) -> None:
    async with loopback_server(lambda *_: asyncio.sleep(0)) as port:
        pass
    odd.access = {"serviceCatalog": odd.catalog(DFW=f"http://127.0.0.1:{port}/v1.0/42")}
    for answer in (await copy(odd_client), await odd_client.show("DFW", "a")):
        assert answer == Fault(Reason.SERVICE_UNAVAILABLE)
        assert isinstance(answer, Fault)
        assert answer.repeat is Repeat.A_FEW_TIMES


# Reads are tried a few times


@pytest.mark.parametrize("urgent", [True, False])
async def test_a_read_survives_two_bad_moments(
    client: CloudDatabases, simulated: SimulatedCloud, clock: JumpingClock, urgent: bool
) -> None:
    backup = simulated.add_backup()
    simulated.trouble.refuse(503, operation="show")
    simulated.trouble.cut_connection(operation="show")
    assert isinstance(await client.show("DFW", backup.id, urgent=urgent), Backup)
    first, second = clock.slept
    assert FIRST_PAUSE / 2 <= first <= FIRST_PAUSE
    assert FIRST_PAUSE <= second <= 2 * FIRST_PAUSE


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_read_that_keeps_failing_is_told_after_three_tries(
    client: CloudDatabases, simulated: SimulatedCloud, status: int
) -> None:
    simulated.trouble.refuse(status, operation="show", times=100)
    answer = await client.show("DFW", "a", urgent=True)
    assert isinstance(answer, Fault)
    assert answer.status == status
    assert len(simulated.requests.of("show")) == TRIES == 3


@pytest.mark.parametrize("status", [400, 403, 404, 405, 422, 500, 501])
async def test_a_read_that_would_fail_again_is_not_tried_again(
    client: CloudDatabases, simulated: SimulatedCloud, status: int
) -> None:
    simulated.trouble.refuse(status, operation="show", times=100)
    await client.show("DFW", "a")
    assert len(simulated.requests.of("show")) == 1


async def test_a_read_whose_connection_is_cut_for_ever_has_no_answer(
    client: CloudDatabases, simulated: SimulatedCloud
) -> None:
    simulated.trouble.cut_connection(operation="list", times=100)
    assert [page async for page in client.pages("DFW")] == [Fault(Reason.NO_ANSWER)]
    assert len(simulated.requests.of("list")) == TRIES


async def test_an_urgent_read_is_not_tried_again_when_much_time_has_gone(
    client: CloudDatabases, simulated: SimulatedCloud, clock: JumpingClock
) -> None:
    assert await client.check_identity() is None
    held = simulated.trouble.hold("show")
    simulated.trouble.refuse(503, operation="show", times=100)
    asking = asyncio.create_task(client.show("DFW", "a", urgent=True))
    await held.arrived.wait()
    clock.jump(11)
    held.release()
    answer = await asking
    assert isinstance(answer, Fault)
    assert answer.reason is Reason.SERVICE_UNAVAILABLE
    assert len(simulated.requests.of("show")) == 1


# Rates


@pytest.mark.parametrize("as_date", [True, False])
@pytest.mark.parametrize("urgent", [True, False])
async def test_a_read_over_the_limit_waits_as_long_as_it_is_asked_to(
    client: CloudDatabases, simulated: SimulatedCloud, clock: JumpingClock, urgent: bool, as_date: bool
) -> None:
    backup = simulated.add_backup()
    simulated.trouble.refuse(413, operation="show", retry_after=5, retry_after_as_date=as_date)
    assert isinstance(await client.show("DFW", backup.id, urgent=urgent), Backup)
    assert 3 <= sum(clock.slept) <= 9


async def test_a_person_is_told_at_once_when_a_region_wants_to_be_left_alone_for_long(
    client: CloudDatabases, simulated: SimulatedCloud, clock: JumpingClock
) -> None:
    backup = simulated.add_backup()
    simulated.trouble.refuse(413, operation="show", retry_after=40)
    first = await client.show("DFW", backup.id, urgent=True)
    assert isinstance(first, Fault)
    assert (first.reason, first.status, first.retry_after) == (Reason.OVER_LIMIT, 413, 40)
    second = await client.show("DFW", backup.id, urgent=True)
    assert isinstance(second, Fault)
    assert (second.reason, second.status) == (Reason.OVER_LIMIT, None), "it was not even asked"
    assert second.retry_after is not None
    assert 30 < second.retry_after <= 40
    assert len(simulated.requests.of("show")) == 1
    assert clock.slept == []
    assert isinstance(await client.show("DFW", backup.id), Backup), "who is not in a hurry waits"


async def test_other_regions_and_calls_go_on_when_one_is_closed(
    client: CloudDatabases, simulated: SimulatedCloud, clock: JumpingClock
) -> None:
    backup = simulated.add_backup(region="IAD")
    simulated.trouble.refuse(413, operation="show", region="DFW", retry_after=3600)
    await client.show("DFW", "a", urgent=True)
    assert isinstance(await client.show("IAD", backup.id, urgent=True), Backup)
    assert await all_of(client, "DFW") == []
    assert clock.slept == []


async def test_a_copy_over_the_limit_is_told_and_the_next_one_waits(
    client: CloudDatabases, simulated: SimulatedCloud, clock: JumpingClock
) -> None:
    backup = simulated.add_backup()
    simulated.trouble.refuse(413, operation="copy", retry_after=20)
    refused = await copy(client, backup.id)
    assert isinstance(refused, Fault)
    assert (refused.reason, refused.retry_after) == (Reason.OVER_LIMIT, 20)
    assert refused.repeat is Repeat.AFTER_WAITING
    assert clock.slept == []
    assert await copy(client, backup.id) == Accepted()
    assert 18 <= sum(clock.slept) <= 21


async def test_a_413_that_does_not_say_how_long_closes_for_a_minute(
    odd_client: CloudDatabases, odd: OddService, clock: JumpingClock
) -> None:
    odd.answers(Response(status_code=413), SHOWN)
    assert isinstance(await odd_client.show("DFW", "a"), Backup)
    assert clock.slept[0] == UNSAID_WAIT


async def test_the_budget_keeps_the_service_from_having_to_refuse(
    simulated: SimulatedCloud, running: RunningCloud, clock: JumpingClock
) -> None:
    key = SecretStr(running.api_key)
    limits = Limits(list=5, show=5, copy=2)
    client = CloudDatabases(running.identity_url, running.username, key, REGIONS_FOR_COPIES, clock, limits)
    for number in range(1, 101):
        simulated.add_backup(id=f"{number:04d}")
    assert len(await all_of(client)) == 100
    for _ in range(3):
        await copy(client, "0001")
    statuses = {record.status for record in simulated.requests}
    assert 413 not in statuses
    assert sum(clock.slept) >= 60
    await client.aclose()


# Paging


async def test_five_thousand_backups_are_all_listed(client: CloudDatabases, simulated: SimulatedCloud) -> None:
    expected = {simulated.add_backup().id for _ in range(5000)}
    found = await all_of(client)
    assert len(found) == 5000
    assert set(found) == expected


@pytest.mark.parametrize(
    "oddity",
    [
        {"order": "newest"},
        {"links": "always"},
        {"next_origin": "https://databases.internal"},
        {"opaque_markers": True},
        {"endless_pages": True},
        {"naive_times": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("number", [0, 1, 20, 21, 65])
async def test_every_way_of_paging_gives_every_backup_once(
    client: CloudDatabases, simulated: SimulatedCloud, number: int, oddity: dict[str, object]
) -> None:
    for field, value in oddity.items():
        setattr(simulated, field, value)
    expected = sorted(simulated.add_backup().id for _ in range(number))
    assert sorted(await all_of(client)) == expected


PAGINGS: dict[str, tuple[list[Response], list[str], int]] = {
    "a marker comes back": (
        [listed("a", marker="1"), listed("b", marker="2"), listed("c", marker="1"), listed("never")],
        ["a", "b", "c"],
        3,
    ),
    "a page points at itself": ([listed("a", marker="a"), listed("a", marker="a")], ["a"], 2),
    "nothing new, but a new marker": ([listed("a", marker="1"), listed("a", marker="2"), listed("b")], ["a"], 2),
    "an empty page in between": ([listed("a", marker="1"), listed(marker="2"), listed("b")], ["a", "b"], 3),
    "pages overlap": ([listed("a", "b", marker="1"), listed("b", "c")], ["a", "b", "c"], 2),
    "no link on a last page": ([listed("a", marker="1"), JSONResponse({"backups": []})], ["a"], 2),
}


@pytest.mark.parametrize("case", PAGINGS)
async def test_a_list_that_pages_badly_still_ends(odd_client: CloudDatabases, odd: OddService, case: str) -> None:
    responses, expected, requests = PAGINGS[case]
    odd.answers(*responses)
    assert await all_of(odd_client) == expected
    assert len(odd.heard) == requests


async def test_of_a_next_link_only_the_marker_is_followed(odd_client: CloudDatabases, odd: OddService) -> None:
    odd.answers(listed("a", marker="x%2By", href="https://169.254.169.254/secret"), listed("b"))
    assert await all_of(odd_client) == ["a", "b"]
    assert [(sent.path, sent.query) for sent in odd.heard] == [
        ("/v1.0/42/backups", {}),
        ("/v1.0/42/backups", {"marker": "x+y"}),
    ]


async def test_a_list_that_never_ends_is_given_up(
    odd_client: CloudDatabases, odd: OddService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cloud.client.MOST_PAGES", 30)

    async def answer(_request: Request) -> Response:
        return listed(f"backup-{len(odd.heard)}", marker=f"marker-{len(odd.heard)}")

    odd.answer = answer
    pages = [page async for page in odd_client.pages("DFW")]
    assert pages[-1] == Fault(Reason.UNEXPECTED_ANSWER)
    assert len(pages) == 31


async def test_a_fault_in_the_middle_ends_the_list(client: CloudDatabases, simulated: SimulatedCloud) -> None:
    for _ in range(50):
        simulated.add_backup()
    pages = aiter(client.pages("DFW"))
    await anext(pages)
    simulated.trouble.refuse(403, operation="list", times=100)
    rest = [page async for page in pages]
    assert [page.reason for page in rest if isinstance(page, Fault)] == [Reason.FORBIDDEN]
    assert len(rest) == 1


# As a whole


async def test_nothing_is_sent_before_somebody_asks(simulated: SimulatedCloud, client: CloudDatabases) -> None:
    assert client.regions == REGIONS_FOR_COPIES
    assert list(simulated.requests) == []


@pytest.mark.parametrize("lost", [lambda one: one.cut_connection, lambda one: one.lose_answer], ids=["cut", "lost"])
async def test_the_client_works_on_after_trouble(
    client: CloudDatabases, simulated: SimulatedCloud, lost: Callable[[object], Callable[..., object]]
) -> None:
    backup = simulated.add_backup()
    lost(simulated.trouble)(operation="show", times=TRIES)
    assert await client.show("DFW", backup.id) == Fault(Reason.NO_ANSWER)
    assert isinstance(await client.show("DFW", backup.id), Backup)
