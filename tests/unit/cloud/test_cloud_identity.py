import asyncio
import logging

import httpx
import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from bot.cloud import CloudDatabases
from bot.cloud.identity import EARLY, IDENTITY_URL, KEPT, REFUSAL_KEPT, IdentityError, RackspaceAuth
from bot.cloud.roles import role_that_only_looks
from bot.domain.backup import REGIONS_FOR_COPIES, Backup
from bot.domain.reasons import Fault, Reason, Repeat
from bot.operations.ports import Accepted
from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from bot.sandbox.loopback import loopback_server
from tests.fakes.clocks import JumpingClock
from tests.fakes.odd_service import OddService

DAY = 24 * 3600.0


def logins(simulated: SimulatedCloud) -> int:
    return len(simulated.requests.of("token"))


async def show(client: CloudDatabases, simulated: SimulatedCloud) -> Backup | Fault:
    there = simulated.backups("DFW") or [simulated.add_backup()]
    return await client.show("DFW", there[0].id)


async def copy(client: CloudDatabases, backup_id: str = "some-backup") -> Accepted | Fault:
    return await client.copy("DFW", backup_id, destination="IAD", name="n", description="", request_id="r-1")


def test_identity_is_the_public_one_unless_said_otherwise() -> None:
    assert IDENTITY_URL == "https://identity.api.rackspacecloud.com/v2.0"


async def test_one_login_serves_many_requests(client: CloudDatabases, simulated: SimulatedCloud) -> None:
    for _ in range(3):
        assert isinstance(await show(client, simulated), Backup)
    assert logins(simulated) == 1


async def test_all_who_need_a_token_at_once_share_one_login(client: CloudDatabases, simulated: SimulatedCloud) -> None:
    answers = await asyncio.gather(*(show(client, simulated) for _ in range(20)))
    assert all(isinstance(answer, Backup) for answer in answers)
    assert logins(simulated) == 1


async def test_all_whose_token_was_revoked_share_one_login(client: CloudDatabases, simulated: SimulatedCloud) -> None:
    await show(client, simulated)
    simulated.trouble.revoke_tokens()
    answers = await asyncio.gather(*(show(client, simulated) for _ in range(20)))
    assert all(isinstance(answer, Backup) for answer in answers)
    assert logins(simulated) == 2


async def test_who_leaves_does_not_take_the_login_from_the_others(
    client: CloudDatabases, simulated: SimulatedCloud
) -> None:
    held = simulated.trouble.hold("token")
    first, second = (asyncio.create_task(show(client, simulated)) for _ in range(2))
    await held.arrived.wait()
    first.cancel()
    held.release()
    assert isinstance(await second, Backup)
    assert logins(simulated) == 1


@pytest.mark.parametrize("with_offset", [False, True])
async def test_a_token_is_renewed_shortly_before_its_end_whatever_the_form_of_the_time(
    client: CloudDatabases, simulated: SimulatedCloud, clock: JumpingClock, with_offset: bool
) -> None:
    simulated.expires_with_offset = with_offset
    await show(client, simulated)
    clock.jump(DAY - EARLY.total_seconds() - 30)
    await show(client, simulated)
    assert logins(simulated) == 1
    clock.jump(60)
    await show(client, simulated)
    assert logins(simulated) == 2


async def test_an_end_without_a_zone_is_utc(odd_client: CloudDatabases, odd: OddService, clock: JumpingClock) -> None:
    odd.access = {"token": {"id": "t", "expires": f"{clock.now():%Y-%m-%dT%H:%M:%S}"}}
    odd.answers(JSONResponse({"backup": {"id": "a"}}))
    await odd_client.show("DFW", "a")
    clock.jump(KEPT.total_seconds() - 10)
    await odd_client.show("DFW", "a")
    assert len(odd.logins) == 1, "a login is good for a while, even if Identity gives the old token again"
    clock.jump(20)
    await odd_client.show("DFW", "a")
    assert len(odd.logins) == 2


async def test_a_revoked_token_is_renewed_once_and_the_request_repeated(
    client: CloudDatabases, simulated: SimulatedCloud
) -> None:
    await show(client, simulated)
    simulated.trouble.revoke_tokens()
    backup = simulated.add_backup()
    assert await copy(client, backup.id) == Accepted()
    assert [record.status for record in simulated.copy_requests()] == [401, 202]
    assert logins(simulated) == 2


@pytest.mark.parametrize("same_token", [True, False])
async def test_a_token_that_is_refused_for_ever_is_renewed_once_and_no_more(
    client: CloudDatabases, simulated: SimulatedCloud, same_token: bool
) -> None:
    simulated.same_token = same_token
    simulated.trouble.refuse(401, operation="copy", times=100)
    answer = await copy(client)
    assert isinstance(answer, Fault)
    assert (answer.reason, answer.status) == (Reason.UNAUTHORIZED, 401)
    assert [record.status for record in simulated.copy_requests()] == [401, 401]
    assert logins(simulated) == 2


async def test_a_copy_is_not_sent_a_third_time_when_the_repeated_one_is_lost(
    client: CloudDatabases, simulated: SimulatedCloud
) -> None:
    await show(client, simulated)
    simulated.trouble.revoke_tokens()
    simulated.trouble.lose_answer(operation="copy")
    backup = simulated.add_backup()
    assert await copy(client, backup.id) == Fault(Reason.NO_ANSWER)
    assert [record.status for record in simulated.copy_requests()] == [401, None]


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_credentials_that_are_refused_are_a_fault_of_their_own_and_not_tried_again_at_once(
    client: CloudDatabases, simulated: SimulatedCloud, clock: JumpingClock, status: int
) -> None:
    simulated.trouble.refuse(status, operation="token", message="No such user.")
    for _ in range(2):
        answer = await show(client, simulated)
        assert isinstance(answer, Fault)
        assert (answer.reason, answer.status, answer.message) == (Reason.CREDENTIALS_REFUSED, status, "No such user.")
        assert answer.repeat is Repeat.NEVER
    assert logins(simulated) == 1
    clock.jump(REFUSAL_KEPT.total_seconds())
    assert isinstance(await show(client, simulated), Backup)


async def test_a_wrong_api_key_is_refused_by_identity(running: RunningCloud, clock: JumpingClock) -> None:
    key = SecretStr("wrong")
    client = CloudDatabases(running.identity_url, running.username, key, REGIONS_FOR_COPIES, clock)
    refused = await client.check_identity()
    assert refused is not None
    assert (refused.reason, refused.status) == (Reason.CREDENTIALS_REFUSED, 401)
    assert (await client.endpoints(), await client.roles()) == ({}, ())
    await client.aclose()


@pytest.mark.parametrize("status", [404, 413, 500, 502, 503])
async def test_an_identity_that_does_not_work_is_unavailable_and_a_copy_is_not_sent(
    client: CloudDatabases, simulated: SimulatedCloud, status: int
) -> None:
    simulated.trouble.refuse(status, operation="token", times=100, html=status == 502)
    answer = await copy(client)
    assert isinstance(answer, Fault)
    assert (answer.reason, answer.status) == (Reason.IDENTITY_UNAVAILABLE, status)
    assert answer.repeat is Repeat.A_FEW_TIMES
    assert simulated.copy_requests() == []


@pytest.mark.parametrize(
    "response",
    [HTMLResponse("<html>Welcome</html>"), JSONResponse({}), Response(status_code=204), RedirectResponse("/elsewhere")],
    ids=["page", "no token", "nothing", "redirect"],
)
async def test_an_answer_of_identity_without_a_token_is_no_login(
    odd_client: CloudDatabases, odd: OddService, response: Response
) -> None:
    async def answer(_request: Request) -> Response:
        return response

    odd.identity = answer
    fault = await odd_client.show("DFW", "a")
    assert fault == Fault(Reason.IDENTITY_UNAVAILABLE, response.status_code)
    assert odd.heard == []


async def test_an_identity_whose_connection_is_cut_is_unavailable(
    client: CloudDatabases, simulated: SimulatedCloud
) -> None:
    simulated.trouble.cut_connection(operation="token", times=100)
    assert await copy(client) == Fault(Reason.IDENTITY_UNAVAILABLE)


async def test_an_identity_that_nobody_can_reach_is_unavailable(clock: JumpingClock) -> None:
    async with loopback_server(lambda *_: asyncio.sleep(0)) as port:
        pass
    client = CloudDatabases(f"http://127.0.0.1:{port}/v2.0", "ana", SecretStr("k"), ("DFW",), clock)
    assert await copy(client) == Fault(Reason.IDENTITY_UNAVAILABLE)
    assert await client.check_identity() == Fault(Reason.IDENTITY_UNAVAILABLE)
    await client.aclose()


async def test_a_read_survives_an_identity_that_is_down_for_a_moment(
    client: CloudDatabases, simulated: SimulatedCloud
) -> None:
    simulated.trouble.refuse(503, operation="token", times=2)
    assert isinstance(await show(client, simulated), Backup)


async def test_a_401_whose_renewal_fails_tells_what_identity_said(
    client: CloudDatabases, simulated: SimulatedCloud
) -> None:
    await show(client, simulated)
    simulated.trouble.revoke_tokens()
    simulated.trouble.refuse(401, operation="token")
    answer = await copy(client)
    assert isinstance(answer, Fault)
    assert answer.reason is Reason.CREDENTIALS_REFUSED
    assert [record.status for record in simulated.copy_requests()] == [401]


async def test_a_region_that_is_not_in_the_catalogue_has_no_endpoint(
    odd_client: CloudDatabases, odd: OddService
) -> None:
    assert await odd_client.show("SYD", "a") == Fault(Reason.NO_ENDPOINT)
    assert odd.heard == []


@pytest.mark.parametrize("address", ["ftp://x/v1.0/42", "no address", "http://[::", "http:///v1.0/42", "/v1.0/42"])
async def test_an_address_in_the_catalogue_that_is_none_is_no_endpoint(
    odd_client: CloudDatabases, odd: OddService, address: str
) -> None:
    odd.access = {"serviceCatalog": odd.catalog(DFW=address)}
    assert await odd_client.show("DFW", "a") == Fault(Reason.NO_ENDPOINT)


async def test_doctor_learns_roles_and_endpoints(client: CloudDatabases, running: RunningCloud) -> None:
    assert await client.check_identity() is None
    assert await client.roles() == ("dbaas:creator",)
    assert await client.endpoints() == running.regions


async def test_a_check_logs_in_anew(client: CloudDatabases, simulated: SimulatedCloud) -> None:
    await show(client, simulated)
    simulated.trouble.refuse(401, operation="token")
    refused = await client.check_identity()
    assert refused is not None
    assert refused.reason is Reason.CREDENTIALS_REFUSED
    assert isinstance(await show(client, simulated), Backup), "the token that was there is still good"


@pytest.mark.parametrize("ending", ["", "/", "/tokens", "/tokens/"])
async def test_the_address_of_identity_may_be_given_in_any_usual_form(
    running: RunningCloud, clock: JumpingClock, ending: str
) -> None:
    key = SecretStr(running.api_key)
    client = CloudDatabases(f"{running.identity_url}{ending}", running.username, key, REGIONS_FOR_COPIES, clock)
    assert await client.check_identity() is None
    await client.aclose()


async def test_closing_ends_a_login_that_is_under_way(client: CloudDatabases, simulated: SimulatedCloud) -> None:
    held = simulated.trouble.hold("token")
    asking = asyncio.create_task(client.check_identity())
    await held.arrived.wait()
    await client.aclose()
    with pytest.raises(asyncio.CancelledError):
        await asking
    held.release()


async def test_a_redirect_is_not_followed_and_takes_no_token_elsewhere(
    odd_client: CloudDatabases, odd: OddService
) -> None:
    stranger = OddService()
    stranger.answers(JSONResponse({"backup": {"id": "a"}}))
    async with stranger.serving():
        odd.answers(RedirectResponse(f"{stranger.origin}/v1.0/42/backups/a"))
        assert await odd_client.show("DFW", "a") == Fault(Reason.UNEXPECTED_ANSWER, 307)
    assert stranger.heard == []


async def test_a_token_goes_only_where_the_catalogue_says(odd: OddService, clock: JumpingClock) -> None:
    stranger = OddService()
    for service in (odd, stranger):
        service.answers(Response())
    async with odd.serving() as identity_url, stranger.serving(), httpx.AsyncClient() as http:
        auth = RackspaceAuth(http, identity_url, "ana", SecretStr("k"), clock)
        await http.get(f"{odd.origin}/v1.0/42/backups", auth=auth)
        await http.get(f"{stranger.origin}/v1.0/42/backups", auth=auth, headers={"X-Auth-Token": "left over"})
    assert odd.heard[0].headers["x-auth-token"] == "token-1"
    assert "x-auth-token" not in stranger.heard[0].headers


async def test_an_endpoint_that_is_less_safe_than_identity_gets_no_token(odd: OddService, clock: JumpingClock) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        catalog = odd.catalog(DFW="http://dfw.example/v1.0/42", IAD="https://iad.example/v1.0/42")
        return httpx.Response(200, json={"access": {"token": {"id": "t"}, "serviceCatalog": catalog}})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        session = await RackspaceAuth(http, IDENTITY_URL, "ana", SecretStr("k"), clock).session()
    assert session.login.endpoints == {"IAD": "https://iad.example/v1.0/42"}


async def test_no_secret_is_in_any_log_repr_exception_or_fault(
    odd_client: CloudDatabases, odd: OddService, caplog: pytest.LogCaptureFixture
) -> None:
    key, token = "k3y-s3cr3t", "t0k3n-s3cr3t"
    caplog.set_level(logging.DEBUG)
    odd.access = {"token": {"id": token, "expires": "2100-01-01T00:00:00Z"}}
    echo = f"You sent {key} and {token}."
    odd.answers(JSONResponse({"unauthorized": {"message": echo.replace(key, "")}}, 401))
    shown = [repr(await odd_client.show("DFW", "a")), repr(await copy(odd_client))]
    auth = odd_client._auth
    shown += [repr(await auth.session()), repr(auth), repr(vars(auth)), repr(vars(odd_client))]

    async def refuse(_request: Request) -> Response:
        return JSONResponse({"unauthorized": {"message": echo.replace(token, "")}}, 401)

    odd.identity = refuse
    with pytest.raises(IdentityError) as refusal:
        await auth.log_in_again()
    shown += [repr(refusal.value), str(refusal.value), repr(refusal.value.fault), caplog.text]
    assert any("You sent" in text for text in shown)
    for text in shown:
        assert key not in text
        assert token not in text


# --- The role ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (("dbaas:observer",), "dbaas:observer"),
        (("observer", "compute:admin"), "observer"),
        (("dbaas:observer", "observer"), "dbaas:observer"),
        (("dbaas:creator",), None),
        (("dbaas:admin",), None),
        (("admin",), None),
        (("identity:user-admin",), None),
        (("observer", "dbaas:creator"), None),
        (("dbaas:superuser",), None),
        ((), None),
    ],
)
def test_only_a_role_that_is_known_to_look_only_cannot_copy(roles: tuple[str, ...], expected: str | None) -> None:
    assert role_that_only_looks(roles) == expected


async def test_the_role_is_known_from_the_login_that_was_made_and_costs_no_call(
    client: CloudDatabases, simulated: SimulatedCloud
) -> None:
    simulated.role = "dbaas:observer"
    assert await client.role_that_cannot_copy() is None, "before the first login nobody knows"

    await show(client, simulated)
    before = logins(simulated)

    assert await client.role_that_cannot_copy() == "dbaas:observer"
    assert logins(simulated) == before


async def test_a_role_that_was_given_meanwhile_is_learnt_within_a_minute(
    client: CloudDatabases, simulated: SimulatedCloud, clock: JumpingClock
) -> None:
    simulated.role = "dbaas:observer"
    await show(client, simulated)
    simulated.role = "dbaas:creator"
    assert await client.role_that_cannot_copy() == "dbaas:observer"

    clock.jump(60)

    assert await client.role_that_cannot_copy() is None


async def test_a_role_that_may_copy_is_never_asked_for_again(
    client: CloudDatabases, simulated: SimulatedCloud, clock: JumpingClock
) -> None:
    await show(client, simulated)
    clock.jump(3600)

    assert await client.role_that_cannot_copy() is None
    assert logins(simulated) == 1


async def test_where_identity_does_not_say_the_role_any_more_nobody_is_refused_for_it(
    client: CloudDatabases, simulated: SimulatedCloud, clock: JumpingClock
) -> None:
    simulated.role = "dbaas:observer"
    await show(client, simulated)
    simulated.trouble.refuse(503, operation="token")
    clock.jump(60)

    assert await client.role_that_cannot_copy() is None
