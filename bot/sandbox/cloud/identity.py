"""Identity v2.0: API-key credentials in, a token and the service catalogue out."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal, get_args

from pydantic import BaseModel, Field, SecretStr

from bot.sandbox.cloud.behaviour import Behaviour
from bot.sandbox.cloud.clock import Clock
from bot.sandbox.cloud.faults import Fault

RegionName = Literal["DFW", "IAD", "ORD", "HKG", "SYD", "LON"]
REGIONS: tuple[RegionName, ...] = get_args(RegionName)
"""All regions of the catalogue (cloud-databases-api.md, Regions)."""


class _Credentials(BaseModel, strict=True):
    username: str
    api_key: SecretStr = Field(alias="apiKey")


class _Auth(BaseModel):
    credentials: _Credentials = Field(alias="RAX-KSKEY:apiKeyCredentials")


class Login(BaseModel):
    """The body of a login (cloud-databases-api.md, Identity)."""

    auth: _Auth


@dataclass(frozen=True, slots=True)
class _Token:
    id: str
    expires: datetime


class Identity:
    """Who may come in, and the tokens that were given out."""

    def __init__(self, behaviour: Behaviour, clock: Clock, *, username: str, api_key: str, account: str) -> None:
        self.username = username
        self.api_key = api_key
        self.account = account
        self._behaviour = behaviour
        self._clock = clock
        self._tokens: dict[str, _Token] = {}
        self._latest: _Token | None = None

    def login(self, login: Login, regions: dict[str, str]) -> dict[str, object]:
        """The answer to a login.

        Args:
            login: The credentials.
            regions: The public address of each region.

        Raises:
            Fault: 401, the credentials are wrong.
        """
        given = login.auth.credentials
        key_fits = secrets.compare_digest(given.api_key.get_secret_value().encode(), self.api_key.encode())
        if given.username != self.username or not key_fits:
            raise Fault(401, "Unable to authenticate user with credentials provided.")
        return {"access": self._access(self._token(), regions)}

    def check(self, token_id: str | None) -> None:
        """Lets a request with a valid token pass.

        Raises:
            Fault: 401, the token is missing, unknown, revoked or too old; 500 for a missing one, where the
                deployment is like that.
        """
        token = self._tokens.get(token_id or "")
        if token is None or token.expires <= self._clock.now():
            status = self._behaviour.missing_token_status if token_id is None else 401
            raise Fault(status, "No valid token provided. Please use the Identity service to get one.")

    def secrets(self) -> list[str]:
        """The API key, and every token that can still be used."""
        return [self.api_key, *self._tokens]

    def revoke_tokens(self) -> None:
        """Makes every token that was given out so far invalid."""
        self._tokens.clear()
        self._latest = None

    def _token(self) -> _Token:
        now = self._clock.now()
        if self._behaviour.same_token and self._latest is not None and self._latest.expires > now:
            return self._latest
        token = _Token(secrets.token_hex(16), now + timedelta(seconds=self._behaviour.token_seconds))
        self._tokens[token.id] = self._latest = token
        return token

    def _access(self, token: _Token, regions: dict[str, str]) -> dict[str, object]:
        role = self._behaviour.role
        return {
            "token": {
                "id": token.id,
                "expires": self._expires(token.expires),
                "tenant": {"id": self.account, "name": self.account},
                "RAX-AUTH:authenticatedBy": ["APIKEY"],
            },
            "serviceCatalog": self._catalog(regions),
            "user": {
                "id": "172157",
                "name": self.username,
                "roles": [{"id": "10000256", "name": role, "description": f"{role} role for Account User"}],
                "RAX-AUTH:defaultRegion": "DFW",
            },
        }

    def _catalog(self, regions: dict[str, str]) -> list[dict[str, object]]:
        """The catalogue; its other services are there because a client must find its own among them."""
        files = f"https://storage101.invalid/v1/MossoCloudFS_{self.account}"
        dns = f"https://dns.invalid/v1.0/{self.account}"
        databases = [{"publicURL": url, "region": region, "tenantId": self.account} for region, url in regions.items()]
        return [
            {
                "name": "cloudFiles",
                "type": "object-store",
                "endpoints": [{"publicURL": files, "region": "DFW", "tenantId": f"MossoCloudFS_{self.account}"}],
            },
            {"name": "cloudDatabases", "type": "rax:database", "endpoints": databases},
            {
                "name": "cloudDNS",
                "type": "rax:dns",
                "endpoints": [{"publicURL": dns, "tenantId": self.account}],
            },
        ]

    def _expires(self, expires: datetime) -> str:
        if self._behaviour.expires_with_offset:
            return expires.astimezone(timezone(timedelta(hours=-5))).isoformat(timespec="milliseconds")
        return f"{expires:%Y-%m-%dT%H:%M:%S}.{expires.microsecond // 1000:03d}Z"
