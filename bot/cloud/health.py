"""Looks at the cloud's side of an installation: the login, what it may do, and every region. Copies nothing."""

from collections.abc import Sequence
from contextlib import aclosing
from functools import partial

from bot.cloud.client import CloudDatabases
from bot.cloud.roles import MAY_COPY, MAY_ONLY_LOOK
from bot.domain.reasons import Fault, Reason
from bot.operations.health import Check, Finding, Once, Probe, Subject

_LOGIN = {
    Reason.CREDENTIALS_REFUSED: Finding.CREDENTIALS_REFUSED,
    Reason.IDENTITY_UNAVAILABLE: Finding.IDENTITY_SILENT,
}
_REGION = {
    Reason.NO_ENDPOINT: Finding.REGION_NOT_IN_CATALOGUE,
    Reason.FORBIDDEN: Finding.REGION_FORBIDDEN,
    Reason.UNAUTHORIZED: Finding.REGION_FORBIDDEN,
    Reason.OVER_LIMIT: Finding.REGION_BUSY,
}


class CloudHealth:
    """The probes of the cloud's room."""

    def __init__(self, cloud: CloudDatabases) -> None:
        """Prepare; nothing is asked yet.

        Args:
            cloud: asks the cloud. Whoever made it closes it.
        """
        self._cloud = cloud
        self._refusal: Once[Fault | None] = Once(cloud.check_identity)

    def probes(self) -> list[Probe]:
        """What can be looked at, in the order in which it matters."""
        regions = [Probe(Subject.REGION, partial(self._region, region), region) for region in self._cloud.regions]
        return [Probe(Subject.LOGIN, self._login), Probe(Subject.ROLE, self._role), *regions]

    async def _login(self) -> Sequence[Check]:
        fault = await self._refusal()
        if fault is not None:
            return [Check(Subject.LOGIN, _LOGIN.get(fault.reason, Finding.IDENTITY_SILENT), facts=_facts(fault))]
        there = sorted(await self._cloud.endpoints())
        return [Check(Subject.LOGIN, Finding.LOGIN_WORKS, facts={"regions": ", ".join(there) or "no region"})]

    async def _role(self) -> Sequence[Check]:
        if await self._refusal():
            return [_after_login(Subject.ROLE)]
        roles = frozenset(await self._cloud.roles())
        facts = {"roles": ", ".join(sorted(roles)) or "none"}
        if roles & MAY_COPY:
            facts["roles"] = ", ".join(sorted(roles & MAY_COPY))
            return [Check(Subject.ROLE, Finding.ROLE_MAY_COPY, facts=facts)]
        finding = Finding.ROLE_MAY_NOT_COPY if roles & MAY_ONLY_LOOK else Finding.ROLE_NOT_KNOWN
        return [Check(Subject.ROLE, finding, facts=facts)]

    async def _region(self, region: str) -> Sequence[Check]:
        """Ask for the first page of a region's backups."""
        if await self._refusal():
            return [_after_login(Subject.REGION, region)]
        async with aclosing(self._cloud.pages(region, urgent=True)) as pages:
            first = await anext(pages, ())
        if isinstance(first, Fault):
            finding = _REGION.get(first.reason, Finding.REGION_DOWN)
            return [Check(Subject.REGION, finding, region, _facts(first))]
        endpoint = (await self._cloud.endpoints()).get(region, "")
        return [Check(Subject.REGION, Finding.REGION_ANSWERS, region, {"endpoint": endpoint})]


def _after_login(subject: Subject, item: str = "") -> Check:
    return Check(subject, Finding.NOT_LOOKED_AT, item, {"first": Subject.LOGIN.value})


def _facts(fault: Fault) -> dict[str, str]:
    """What the service said, in a few words."""
    said = " ".join(str(part) for part in (fault.status, fault.name) if part)
    return {"answer": said or "no answer", "message": fault.message or "no message"}
