"""Logging in with an API key, and signing requests with the token (``cloud-databases-api.md``, Identity)."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx
from pydantic import SecretStr

from bot.cloud.faults import fault_of
from bot.cloud.payloads import Login, read_login
from bot.cloud.roles import role_that_only_looks
from bot.domain.reasons import Fault, Reason
from bot.operations.observing import OK, Activity, Nobody, Observer, Seen
from bot.operations.ports import Clock

logger = logging.getLogger(__name__)

IDENTITY_URL = "https://identity.api.rackspacecloud.com/v2.0"
"""Where accounts log in, unless a setting says otherwise; those of LON have an Identity of their own."""

EARLY = timedelta(minutes=1)
"""How long before its end a token is renewed."""

KEPT = timedelta(seconds=30)
"""How long a token is used at least, whatever its end says: a repeated login may return the same one, and the clocks
of both sides need not agree. One that has really ended is answered with a 401."""

REFUSAL_KEPT = timedelta(seconds=10)
"""How long refused credentials are not tried again: they do not become right, and accounts can be locked."""

ROLES_KEPT = timedelta(minutes=1)
"""How long a role that may not copy is believed: a token lasts a day, and the account's administrator does not wait
for its end to give the user another role."""

LONGEST_LOGIN = 60.0
"""Seconds a login may take as a whole."""

LOGIN = "login"
"""What a login is called where calls are counted."""

_REFUSED = frozenset({400, 401, 403})


class IdentityError(Exception):
    """There is no token to be had, so that a request was not sent. The fault says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason.value)
        self.fault = fault


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """One login.

    Attributes:
        renew_at: when to log in again.
        began: when it was made.
    """

    login: Login
    renew_at: datetime
    began: datetime

    def covers(self, address: httpx.URL) -> bool:
        """Whether the token may be sent to an address: only to what the catalogue names."""
        return any(_origin(httpx.URL(endpoint)) == _origin(address) for endpoint in self.login.endpoints.values())


class RackspaceAuth(httpx.Auth):
    """Puts a token on each request, and a new one on it once if it is answered with 401.

    However many requests need a token at one time, there is one login.
    """

    def __init__(  # noqa: PLR0917 - all of it is needed, and has a name
        self,
        client: httpx.AsyncClient,
        identity_url: str,
        username: str,
        api_key: SecretStr,
        clock: Clock,
        observer: Observer | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            client: sends the logins.
            identity_url: the address of Identity, such as `IDENTITY_URL`.
            username: of the account.
            api_key: of that user.
            clock: tells when a token ends.
            observer: is told of each login; nobody if not given.
        """
        self._observer = observer or Nobody()
        self._client = client
        self._address = httpx.URL(identity_url.rstrip("/").removesuffix("/tokens") + "/tokens")
        self._username = username
        self._api_key = api_key
        self._clock = clock
        self._session: Session | None = None
        self._refusal: tuple[Fault, datetime] | None = None
        self._logging_in: asyncio.Task[Session | Fault] | None = None

    async def session(self) -> Session:
        """A login that is good for now.

        Raises:
            IdentityError: there is none to be had.
        """
        session = self._session
        return session if session and self._clock.now() < session.renew_at else await self.renew(session)

    async def renew(self, worn_out: Session | None) -> Session:
        """A login other than the one that did not do, unless somebody else has made one already.

        Args:
            worn_out: the login that did not do; ``None`` if there was none.

        Raises:
            IdentityError: there is none to be had.
        """
        if self._session is not worn_out and self._session is not None:
            return self._session
        if self._refusal and self._clock.now() < self._refusal[1]:
            raise IdentityError(self._refusal[0])
        if self._logging_in is None:
            self._logging_in = asyncio.create_task(self._log_in(), name="login")
            self._logging_in.add_done_callback(self._logged_in)
        outcome = await asyncio.shield(self._logging_in)  # who leaves must not take the login from the others
        if isinstance(outcome, Fault):
            raise IdentityError(outcome)
        return outcome

    async def log_in_again(self) -> Session:
        """A new login, although the present one may do.

        Raises:
            IdentityError: there is none to be had.
        """
        return await self.renew(self._session)

    async def latest_roles(self) -> tuple[str, ...]:
        """What the present login says of the user's roles; none without a login, for which nobody is asked here.

        Roles that may not copy are asked for anew once a minute: they may have been changed since.
        """
        session = self._session
        if session is None:
            return ()
        if role_that_only_looks(session.login.roles) and self._clock.now() >= session.began + ROLES_KEPT:
            try:
                session = await self.renew(session)
            except IdentityError:
                return ()
        return session.login.roles

    async def aclose(self) -> None:
        """End a login that is under way."""
        if self._logging_in:
            self._logging_in.cancel()
            await asyncio.wait([self._logging_in])

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send a request with a token; after a 401 once more with a new one, also if Identity returns the same.

        Raises:
            IdentityError: there is no token to be had.
        """
        session = await self.session()
        response = yield _signed(request, session)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            yield _signed(request, await self.renew(session))

    def _logged_in(self, task: asyncio.Task[Session | Fault]) -> None:
        self._logging_in = None
        if task.cancelled():
            return
        outcome = task.result()
        if isinstance(outcome, Session):
            self._session = outcome
        elif outcome.reason is Reason.CREDENTIALS_REFUSED:
            self._refusal = (outcome, self._clock.now() + REFUSAL_KEPT)

    async def _log_in(self) -> Session | Fault:
        with self._observer.watching(Seen(Activity.CLOUD_CALL, LOGIN)) as seen:
            outcome = await self._ask_for_token()
            seen.outcome = outcome.reason.value if isinstance(outcome, Fault) else OK
        return outcome

    async def _ask_for_token(self) -> Session | Fault:
        key = self._api_key.get_secret_value()
        credentials = {"RAX-KSKEY:apiKeyCredentials": {"username": self._username, "apiKey": key}}
        try:
            async with asyncio.timeout(LONGEST_LOGIN):
                response = await self._client.post(self._address, json={"auth": credentials})
        except (httpx.RequestError, TimeoutError) as error:
            logger.info("%s: no login: %s", self._address, type(error).__name__)
            return Fault(Reason.IDENTITY_UNAVAILABLE)
        now = self._clock.now()
        login = read_login(response.content) if response.is_success else None
        if login is None:
            return _fault(response, now, key)
        end = login.expires or now
        secure = replace(login, endpoints={name: at for name, at in login.endpoints.items() if self._is_safe(at)})
        return Session(secure, renew_at=max(end - EARLY, now + KEPT), began=now)

    def _is_safe(self, endpoint: str) -> bool:
        """Whether an address is one, and a token is as safe on the way there as the API key was to Identity."""
        try:
            address = httpx.URL(endpoint)
        except httpx.InvalidURL:
            return False
        return bool(address.host) and address.scheme in {"https", self._address.scheme}


def _fault(response: httpx.Response, now: datetime, api_key: str) -> Fault:
    """Why Identity gave no token."""
    fault = fault_of(response.status_code, response.headers, response.content, now=now, secret=api_key)
    refused = response.status_code in _REFUSED
    return replace(fault, reason=Reason.CREDENTIALS_REFUSED if refused else Reason.IDENTITY_UNAVAILABLE)


def _origin(address: httpx.URL) -> tuple[str, str, int | None]:
    return address.scheme, address.host, address.port


def _signed(request: httpx.Request, session: Session) -> httpx.Request:
    """The request with the token, if it goes where that may be seen."""
    request.headers.pop("X-Auth-Token", None)
    if session.covers(request.url):
        request.headers["X-Auth-Token"] = session.login.token.get_secret_value()
    return request
