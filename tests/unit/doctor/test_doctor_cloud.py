"""What `doctor` finds at Rackspace, and the cure it names."""

import pytest
from pydantic import SecretStr

from bot.operations.health import Finding, Subject, Verdict
from tests.fakes.installation import Installation, said
from tests.fakes.odd_service import OddService


async def test_a_wrong_api_key(installation: Installation) -> None:
    report = await installation.examined(rackspace_api_key=SecretStr("another-key"))

    assert report.problems == [
        (
            "Rackspace login: Identity refuses the username or the API key (401 unauthorized: Unable to authenticate "
            "user with credentials provided.) -> Copy both again from the Rackspace control panel, My Profile & "
            "Settings, into RACKSPACE_USERNAME and RACKSPACE_API_KEY. An account in London has an Identity of its own: "
            "RACKSPACE_IDENTITY_URL."
        )
    ]
    assert "Rackspace role: not checked: Rackspace login first" in report.unknown
    assert "region SYD: not checked: Rackspace login first" in report.unknown
    assert report.of(Subject.BOT_TOKEN).verdict is Verdict.FINE
    logins = [request for request in installation.cloud.requests if request.operation == "token"]
    assert len(logins) == 1, "accounts can be locked for trying wrong keys"


@pytest.mark.parametrize("role", ["dbaas:observer", "observer"])
async def test_a_user_who_may_only_look(installation: Installation, role: str) -> None:
    installation.cloud.role = role  # type: ignore[assignment]  # one of its roles

    report = await installation.examined()

    assert report.problems == [
        (
            f"Rackspace role: {role} may look, but not copy: every copy would be refused with 403 -> Have an "
            "administrator of the account give this user the role dbaas:creator or dbaas:admin."
        )
    ]


@pytest.mark.parametrize("role", ["dbaas:creator", "dbaas:admin", "admin"])
async def test_a_user_who_may_copy(installation: Installation, role: str) -> None:
    installation.cloud.role = role  # type: ignore[assignment]  # one of its roles

    report = await installation.examined()

    assert said(report.of(Subject.ROLE)) == f"Rackspace role: {role} may copy backups"


async def test_a_user_whose_roles_do_not_say_it(installation: Installation) -> None:
    odd = OddService()
    odd.access = {"user": {"roles": [{"name": "compute:default"}]}}
    async with odd.serving() as identity_url:
        report = await installation.examined(rackspace_identity_url=identity_url)

    check = report.of(Subject.ROLE)
    assert check.verdict is Verdict.UNKNOWN
    assert said(check).startswith("Rackspace role: compute:default: nothing that says whether it may copy")


async def test_a_region_that_is_not_in_the_catalogue(installation: Installation) -> None:
    report = await installation.examined(regions=("DFW", "MOON"))

    assert report.problems == [
        (
            "region MOON: this account has no Cloud Databases there -> Take it out of REGIONS, or have Rackspace "
            "switch Cloud Databases on there."
        )
    ]
    assert report.of(Subject.REGION, "DFW").verdict is Verdict.FINE


async def test_a_region_that_is_down(installation: Installation) -> None:
    installation.cloud.trouble.refuse(503, operation="list", region="SYD", for_seconds=120, message="Back at noon.")

    report = await installation.examined()

    assert report.problems == [
        (
            "region SYD: it does not work at the moment (503 serviceUnavailable: Back at noon.) -> Check that this "
            "machine reaches it, and see Rackspace's status page. Until then only copies between the others work."
        )
    ]
    assert report.of(Subject.REGION, "HKG").verdict is Verdict.FINE


@pytest.mark.parametrize(
    ("status", "finding"),
    [(403, Finding.REGION_FORBIDDEN), (500, Finding.REGION_DOWN), (413, Finding.REGION_BUSY)],
)
async def test_a_region_that_says_no(installation: Installation, status: int, finding: Finding) -> None:
    wait = 600 if status == 413 else None
    installation.cloud.trouble.refuse(status, operation="list", region="ORD", for_seconds=120, retry_after=wait)

    assert (await installation.examined()).of(Subject.REGION, "ORD").finding is finding


async def test_identity_is_down(installation: Installation) -> None:
    installation.cloud.trouble.refuse(503, operation="token", for_seconds=120)

    report = await installation.examined()

    assert [problem.partition(" -> ")[0] for problem in report.problems] == [
        "Rackspace login: no login from Identity (503 serviceUnavailable: Service Unavailable)"
    ]
    assert report.of(Subject.REGION, "DFW").finding is Finding.NOT_LOOKED_AT


async def test_identity_cannot_be_reached(installation: Installation) -> None:
    report = await installation.examined(rackspace_identity_url="http://127.0.0.1:9/v2.0")

    assert report.of(Subject.LOGIN).finding is Finding.IDENTITY_SILENT
    assert said(report.of(Subject.LOGIN)).startswith("Rackspace login: no login from Identity (no answer: no message)")
