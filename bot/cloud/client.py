"""Cloud Databases over HTTP (``cloud-databases-api.md``, ``copy-backup-operation.rst``)."""

import json
import logging
import math
import random
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from bot.cloud.budget import Budget, Call, Limits
from bot.cloud.exchanges import Answer, Exchanges
from bot.cloud.identity import IdentityError, RackspaceAuth, Session
from bot.cloud.payloads import Page, read_backup, read_page
from bot.cloud.roles import role_that_only_looks
from bot.domain.backup import Backup
from bot.domain.reasons import Fault, Reason
from bot.operations.call_ledger import CallLedger
from bot.operations.observing import OK, Activity, BudgetState, Nobody, Observer, Seen
from bot.operations.ports import Accepted, Clock
from bot.telemetry import bot_version, current_request

logger = logging.getLogger(__name__)

TRIES = 3
"""How often a read is sent at most, when the trouble may pass."""

FIRST_PAUSE = 0.5
"""Seconds before a read is sent again for the first time; doubled for the next."""

PATIENCE = 90.0
"""Seconds for which a read is tried again, and waits where the service asks it to."""

URGENT_PATIENCE = 10.0
"""The same for a read that a person waits for."""

UNSAID_WAIT = 60.0
"""Seconds a region is left alone after a 413 that does not say how long: the rates are by the minute."""

MOST_PAGES = 10_000
"""Pages of a list that are read at most: a list that never ends is no list."""

MOST_CONNECTIONS = 64
"""At one time; half of them are kept for the next request."""

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0

_PASSING = frozenset({Reason.SERVICE_UNAVAILABLE, Reason.NO_ANSWER, Reason.IDENTITY_UNAVAILABLE})
_PROXY_TROUBLE = frozenset({502, 504})
_JITTER = random.SystemRandom()
_NEVER_PROXIED = {"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None}


class CloudDatabases:
    """The port `bot.operations.ports.Cloud` over HTTP. Close it with `aclose`."""

    def __init__(  # noqa: PLR0917 - all of it is needed, and has a name
        self,
        identity_url: str,
        username: str,
        api_key: SecretStr,
        regions: tuple[str, ...],
        clock: Clock,
        budget_limits: Limits | None = None,
        timeout: float = READ_SECONDS,
        observer: Observer | None = None,
        may_copy: Callable[[], bool] = lambda: True,
        ledger: CallLedger | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            identity_url: the address of Identity, such as `bot.cloud.identity.IDENTITY_URL`.
            username: of the account.
            api_key: of that user.
            regions: those copies may leave from and go to.
            clock: time, and waiting.
            budget_limits: calls a minute; the service's own limits if not given.
            timeout: seconds to wait for an answer; a connection is waited for 5 s at most.
            observer: is told of each request; nobody if not given.
            may_copy: asked right before a copy request is sent: no request leaves, if the answer is no.
            ledger: shared with the other processes that call for the same account; ``None`` where there is no other.
        """
        self._observer = observer or Nobody()
        self._regions = regions
        self._clock = clock
        self._budget = Budget(budget_limits or Limits(), clock, ledger)
        self._may_copy = may_copy
        self._client = httpx.AsyncClient(
            headers={"Accept": "application/json", "User-Agent": f"copy-backup-bot/{bot_version()}"},
            timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
            limits=httpx.Limits(
                max_connections=MOST_CONNECTIONS,
                max_keepalive_connections=MOST_CONNECTIONS // 2,
                keepalive_expiry=30.0,
            ),
            follow_redirects=False,
            mounts=_NEVER_PROXIED,
        )
        self._auth = RackspaceAuth(self._client, identity_url, username, api_key, clock, self._observer)
        self._exchanges = Exchanges(self._client, self._auth, clock, longest=2 * timeout)

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions copies may leave from and go to, as set."""
        return self._regions

    async def show(self, region: str, backup_id: str, *, urgent: bool = False) -> Backup | Fault:
        """One backup; a `Fault` with `Reason.NOT_FOUND` where it is not in the region.

        Args:
            region: the region to look in.
            backup_id: the backup; text that cannot be an id is not asked for.
            urgent: whether a person waits for it.

        Raises:
            StoreTroubleError: the ledger does not answer, without which nothing is asked.
        """
        path = _path_of(backup_id)
        if path is None:
            return Fault(Reason.NOT_FOUND)
        answer = await self._read(region, Call.SHOW, path, urgent=urgent)
        if isinstance(answer, Fault):
            return answer
        return read_backup(answer.body, region) or _not_understood(answer)

    async def pages(self, region: str, *, urgent: bool = False) -> AsyncGenerator[tuple[Backup, ...] | Fault, None]:
        """All backups of a region, page by page; each backup once. A `Fault` is the last thing it gives.

        Args:
            region: the region to list.
            urgent: whether a person waits for it.

        Raises:
            StoreTroubleError: the ledger does not answer, without which nothing is asked.
        """
        marker: str | None = None
        followed: set[str] = set()
        known: set[str] = set()
        for _ in range(MOST_PAGES):
            page = await self._page(region, marker, urgent=urgent)
            if isinstance(page, Fault):
                yield page
                return
            new = tuple(backup for backup in page.backups if backup.id not in known)
            if new:
                yield new
            marker = page.next_marker
            if marker is None or marker in followed or (page.backups and not new):
                return
            followed.add(marker)
            known.update(backup.id for backup in new)
        logger.warning("The list of backups in %s did not end after %d pages", region, MOST_PAGES)
        yield Fault(Reason.UNEXPECTED_ANSWER)

    async def copy(
        self, region: str, backup_id: str, *, destination: str, name: str, description: str, request_id: str
    ) -> Accepted | Fault:
        """Send one copy request, once; again only after a 401, with a new token (``copy-backup-operation.rst``).

        A request that never left this machine is a `Reason.SERVICE_UNAVAILABLE` without a status: nothing can
        have begun. Once it may have left, a lost answer is `Reason.NO_ANSWER`.

        Args:
            region: where the backup is.
            backup_id: the backup.
            destination: where the copy goes.
            name: of the new backup.
            description: of the new backup; may be empty.
            request_id: names the request in the logs of both sides.
        """
        path = _path_of(backup_id)
        if path is None:
            return Fault(Reason.NOT_FOUND)
        wanted = {"target_backup_region": destination, "description": description, "name": name}
        body = json.dumps({"copy-backup": wanted}).encode()
        request = await self._request("POST", region, f"{path}/action", body=body, request_id=request_id)
        if isinstance(request, Fault):
            return request
        await self._budget.turn(region, Call.COPY, urgent=True, patience=math.inf)
        if not self._may_copy():
            return Fault(Reason.SERVICE_UNAVAILABLE)
        answer = await self._watched(request, region, Call.COPY)
        if isinstance(answer, Fault):
            self._leave_alone_if_asked(region, Call.COPY, answer)
            return answer
        return Accepted() if answer.status == httpx.codes.ACCEPTED else _not_understood(answer)

    async def check_identity(self) -> Fault | None:
        """Log in anew, to see whether the credentials are right.

        Returns:
            Why that is not possible; ``None`` if it is.
        """
        try:
            await self._auth.log_in_again()
        except IdentityError as error:
            return error.fault
        return None

    async def endpoints(self) -> Mapping[str, str]:
        """The address of each region of the catalogue; none where Identity gives no token (`check_identity`)."""
        session = await self._session()
        return {} if isinstance(session, Fault) else dict(session.login.endpoints)

    async def roles(self) -> tuple[str, ...]:
        """What the account may do, such as ``dbaas:observer``; nothing where Identity gives no token."""
        session = await self._session()
        return () if isinstance(session, Fault) else session.login.roles

    async def role_that_cannot_copy(self) -> str | None:
        """The account's role, where it is one that may not copy; ``None`` where it may or where nobody knows."""
        return role_that_only_looks(await self._auth.latest_roles())

    async def budget_states(self) -> list[BudgetState]:
        """What is left of each budget.

        Raises:
            StoreTroubleError: the ledger cannot be read.
        """
        return await self._budget.states(self._regions)

    async def aclose(self) -> None:
        """End what is under way and close all connections."""
        await self._budget.aclose()
        await self._auth.aclose()
        await self._exchanges.aclose()
        await self._client.aclose()

    async def _page(self, region: str, marker: str | None, *, urgent: bool) -> Page | Fault:
        answer = await self._read(region, Call.LIST, "backups", marker=marker, urgent=urgent)
        if isinstance(answer, Fault):
            return answer
        return read_page(answer.body, region) or _not_understood(answer)

    async def _read(
        self, region: str, call: Call, path: str, *, urgent: bool, marker: str | None = None
    ) -> Answer | Fault:
        """Ask within the budget, a few times if the trouble may pass."""
        patience = URGENT_PATIENCE if urgent else PATIENCE
        tried = 0
        while True:
            tried += 1
            began = self._clock.now()
            answer: Answer | Fault
            # before the call is counted: one that then waits for a login is made when it hardly counts any more
            request = await self._request("GET", region, path, marker=marker)
            if isinstance(request, Fault):
                answer = request
            else:
                patience -= (self._clock.now() - began).total_seconds()
                closed_for = await self._budget.turn(region, call, urgent=urgent, patience=patience)
                if closed_for:
                    return Fault(Reason.OVER_LIMIT, retry_after=closed_for)
                began = self._clock.now()
                answer = await self._watched(request, region, call)
            if not isinstance(answer, Fault):
                return answer
            self._leave_alone_if_asked(region, call, answer)
            patience -= (self._clock.now() - began).total_seconds()
            pause = _pause_after(answer, tried)
            if pause is None or tried == TRIES or pause > patience:
                return answer
            patience -= pause
            await self._clock.sleep(pause)

    async def _session(self) -> Session | Fault:
        try:
            return await self._auth.session()
        except IdentityError as error:
            return error.fault

    async def _request(
        self,
        method: str,
        region: str,
        path: str,
        *,
        marker: str | None = None,
        body: bytes | None = None,
        request_id: str | None = None,
    ) -> httpx.Request | Fault:
        """A request to a region's endpoint, as the catalogue has it."""
        session = await self._session()
        if isinstance(session, Fault):
            return session
        endpoint = session.login.endpoints.get(region)
        if endpoint is None:
            return Fault(Reason.NO_ENDPOINT)
        headers = {"X-Auth-Project-Id": session.login.account, "X-Request-Id": request_id or _new_request_id()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        params = None if marker is None else {"marker": marker}
        return self._client.build_request(method, f"{endpoint}/{path}", params=params, content=body, headers=headers)

    async def _watched(self, request: httpx.Request, region: str, call: Call) -> Answer | Fault:
        """Send a request, and tell what came of it."""
        with self._observer.watching(Seen(Activity.CLOUD_CALL, call.value, region)) as seen:
            answer = await self._exchanges.send(request)
            seen.outcome = answer.reason.value if isinstance(answer, Fault) else OK
        return answer

    def _leave_alone_if_asked(self, region: str, call: Call, fault: Fault) -> None:
        if fault.reason is Reason.OVER_LIMIT:
            self._budget.close(region, call, UNSAID_WAIT if fault.retry_after is None else fault.retry_after)


def _pause_after(fault: Fault, tried: int) -> float | None:
    """Seconds before a read that met a fault is sent again; ``None`` when that would not help."""
    if fault.reason is Reason.OVER_LIMIT:
        return UNSAID_WAIT if fault.retry_after is None else fault.retry_after
    if fault.reason in _PASSING or fault.status in _PROXY_TROUBLE:
        pause: float = FIRST_PAUSE * 2.0 ** (tried - 1) * _JITTER.uniform(0.5, 1.0)
        return max(pause, fault.retry_after or 0.0)
    return None


def _path_of(backup_id: str) -> str | None:
    """The path of a backup; ``None`` for what cannot be an id: it would lead elsewhere, or has a NUL."""
    can_be_one = backup_id.strip(".") and "\0" not in backup_id
    return f"backups/{quote(backup_id, safe='')}" if can_be_one else None


def _new_request_id() -> str:
    """An id for the logs of both sides, which begins with that of the request for which it is sent, if there is one."""
    return f"{current_request() or 'req'}-{uuid.uuid4()}"


def _not_understood(answer: Answer) -> Fault:
    return Fault(Reason.UNEXPECTED_ANSWER, status=answer.status)
