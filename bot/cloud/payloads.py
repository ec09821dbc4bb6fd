"""What Cloud Databases and Identity send, read with patience (``cloud-databases-api.md``, Backups, Identity).

Unknown fields are passed over, unknown statuses kept. A field that cannot be read counts as missing, unless the
backup would be another one without it: then that backup is skipped, and the rest of its list is not.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from bot.domain.backup import Backup, Datastore, Origin

logger = logging.getLogger(__name__)


def _none_if_unreadable(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except (ValidationError, OverflowError):
        return None


def _in_utc(moment: datetime) -> datetime:
    """Times without a zone are UTC (``cloud-databases-api.md``, Backups)."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


def _without_nul(text: str) -> str:
    """PostgreSQL has no place for a NUL in a text, and SQLite's functions end at it."""
    return text.replace("\0", "\ufffd")


_Patient = WrapValidator(_none_if_unreadable)
Text = Annotated[Annotated[str, AfterValidator(_without_nul)] | None, _Patient]
Time = Annotated[Annotated[datetime, AfterValidator(_in_utc)] | None, _Patient]
Number = Annotated[Annotated[float, Field(allow_inf_nan=False)] | None, _Patient]
Id = Annotated[str, StringConstraints(pattern=r"^[^\x00]+$")]
"""One with a NUL is none: written with another character in its place, it would name something else."""


class _Sent(BaseModel):
    """Something that was sent: numbers may stand where text is meant."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)


class _SentDatastore(_Sent):
    type: Id
    version: Text = None


class _SentSource(_Sent):
    type: Id
    id: Id


class SentBackup(_Sent):
    """A backup as it is sent. Without its id, or with a parent that cannot be read, it is none."""

    id: Id
    parent_id: Annotated[Id | None, BeforeValidator(_none_if_empty)] = None
    name: Text = None
    status: Text = None
    description: Text = None
    size: Number = None
    created: Time = None
    updated: Time = None
    datastore: Annotated[_SentDatastore | None, _Patient] = None
    source: Annotated[_SentSource | None, _Patient] = None
    instance_id: Text = None
    type: Text = None
    is_automated: Annotated[bool | None, _Patient] = None
    location_ref: Text = Field(None, alias="locationRef")

    def in_region(self, region: str) -> Backup:
        """The backup, in the words of the bot."""
        return Backup(
            id=self.id,
            region=region,
            name=self.name or "",
            status=self.status or "UNKNOWN",
            parent_id=self.parent_id,
            description=self.description,
            size_gb=self.size,
            created=self.created,
            updated=self.updated,
            datastore=Datastore(self.datastore.type, self.datastore.version) if self.datastore else None,
            origin=self._origin(),
            kind=self.type,
            is_automated=bool(self.is_automated),
            location=self.location_ref,
        )

    def _origin(self) -> Origin | None:
        if self.source:
            return Origin(self.source.type, self.source.id)
        return Origin("instance", self.instance_id) if self.instance_id else None


class _SentLink(_Sent):
    rel: Text = None
    href: Text = None


class _ShowAnswer(_Sent):
    backup: SentBackup


class _ListAnswer(_Sent):
    backups: list[object]
    links: Annotated[list[Annotated[_SentLink | None, _Patient]] | None, _Patient] = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Attributes:
        backups: those that could be read.
        next_marker: where the next page begins; ``None`` on the last page.
    """

    backups: tuple[Backup, ...]
    next_marker: str | None


def read_backup(body: bytes, region: str) -> Backup | None:
    """The backup in the answer to a show; ``None`` if there is none in it."""
    try:
        return _ShowAnswer.model_validate_json(body).backup.in_region(region)
    except ValidationError:
        return None


def read_page(body: bytes, region: str) -> Page | None:
    """The page in the answer to a list; ``None`` if it is no list. What cannot be read is skipped and logged."""
    try:
        answer = _ListAnswer.model_validate_json(body)
    except ValidationError:
        return None
    backups = (_listed(sent, region) for sent in answer.backups)
    return Page(tuple(backup for backup in backups if backup), _next_marker(answer))


def _listed(sent: object, region: str) -> Backup | None:
    try:
        return SentBackup.model_validate(sent).in_region(region)
    except ValidationError as error:
        backup_id = sent.get("id") if isinstance(sent, dict) else None
        fields = ", ".join(".".join(str(part) for part in one["loc"]) or "all of it" for one in error.errors())
        logger.warning("Skipped backup %.64r of %s, which cannot be read: %s", backup_id, region, fields)
        return None


def _next_marker(answer: _ListAnswer) -> str | None:
    """The marker of the ``next`` link. Nothing else of it is believed: its scheme and host may be others than the
    ones that were asked (``cloud-databases-api.md``, What deployments of this family have been seen to answer).
    """
    links = (link.href for link in answer.links or () if link and link.rel == "next" and link.href)
    for address in links:
        try:
            markers = parse_qs(urlsplit(address).query).get("marker", [])
        except ValueError:
            continue
        if markers:
            return markers[-1]
    return None


class _SentTenant(_Sent):
    id: Text = None


class _SentToken(_Sent):
    id: Annotated[SecretStr, Field(min_length=1)]
    expires: Time = None
    tenant: Annotated[_SentTenant | None, _Patient] = None


class _SentEndpoint(_Sent):
    public_url: Text = Field(None, alias="publicURL")
    region: Text = None


class _SentService(_Sent):
    name: Text = None
    type: Text = None
    endpoints: list[Annotated[_SentEndpoint | None, _Patient]] = []


class _SentRole(_Sent):
    name: Text = None


class _SentUser(_Sent):
    roles: list[Annotated[_SentRole | None, _Patient]] = []


class _SentAccess(_Sent):
    token: _SentToken
    services: list[Annotated[_SentService | None, _Patient]] = Field([], alias="serviceCatalog")
    user: Annotated[_SentUser | None, _Patient] = None


class _TokenAnswer(_Sent):
    access: _SentAccess


@dataclass(frozen=True, slots=True)
class Login:
    """What Identity says to who logs in.

    Attributes:
        expires: when the token ends, in UTC; ``None`` where it cannot be read.
        account: the account's id; empty where it is not said.
        endpoints: the public address of Cloud Databases in each region, without a slash at its end.
        roles: such as ``dbaas:observer``.
    """

    token: SecretStr
    expires: datetime | None
    account: str
    endpoints: dict[str, str]
    roles: tuple[str, ...]


def read_login(body: bytes) -> Login | None:
    """The answer of Identity to a login; ``None`` if there is no token in it."""
    try:
        access = _TokenAnswer.model_validate_json(body).access
    except ValidationError:
        return None
    endpoints = _endpoints(access.services)
    token = access.token
    account = token.tenant.id if token.tenant else None
    return Login(
        token=token.id,
        expires=token.expires,
        account=account or next((address.rpartition("/")[2] for address in endpoints.values()), ""),
        endpoints=endpoints,
        roles=tuple(role.name for role in (access.user.roles if access.user else ()) if role and role.name),
    )


def _endpoints(services: list[_SentService | None]) -> dict[str, str]:
    """The addresses of Cloud Databases (``cloud-databases-api.md``, Identity)."""
    databases = (one for one in services if one and (one.type == "rax:database" or one.name == "cloudDatabases"))
    endpoints = (endpoint for service in databases for endpoint in service.endpoints)
    return {one.region: one.public_url.rstrip("/") for one in endpoints if one and one.region and one.public_url}
