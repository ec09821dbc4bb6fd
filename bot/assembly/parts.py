"""Parts of the bot, as the settings want them."""

from collections.abc import Callable
from contextlib import AsyncExitStack

from bot.assembly.errors import CannotStartError
from bot.cloud import IDENTITY_URL, CloudDatabases
from bot.cloud.client import READ_SECONDS
from bot.domain.backup import REGIONS_FOR_COPIES
from bot.domain.pace import Pace
from bot.domain.policy import AccessRules
from bot.domain.rules import Rules
from bot.operations.call_ledger import CallLedger
from bot.operations.observing import Observer
from bot.operations.ports import Ports
from bot.operations.rules_in_force import FixedRules, RulesInForce
from bot.rules_file import RulesFileInForce
from bot.settings import RulesSettings, Settings
from bot.slack.options import SlackOptions
from bot.storage import Storage, StorageError, open_storage
from bot.storage.connection import name_of
from bot.workflow.clock import SystemClock
from bot.workflow.poller import Poller


def build_cloud(
    settings: Settings,
    *,
    timeout: float = READ_SECONDS,
    observer: Observer | None = None,
    may_copy: Callable[[], bool] = lambda: True,
    ledger: CallLedger | None = None,
) -> CloudDatabases:
    """The client of Cloud Databases.

    Args:
        settings: of the bot.
        timeout: seconds to wait for an answer.
        observer: is told of each request; nobody if not given.
        may_copy: asked right before a copy request is sent.
        ledger: shared with the other processes of the bot; ``None`` where there is no other.
    """
    return CloudDatabases(
        settings.rackspace_identity_url or IDENTITY_URL,
        settings.rackspace_username,
        settings.rackspace_api_key,
        settings.regions or REGIONS_FOR_COPIES,
        SystemClock(),
        timeout=timeout,
        observer=observer,
        may_copy=may_copy,
        ledger=ledger,
    )


def slack_options(settings: Settings) -> SlackOptions:
    """What the Slack room has to know of the settings."""
    return SlackOptions(
        bot_token=settings.slack_bot_token,
        signing_secret=settings.slack_signing_secret,
        app_token=settings.slack_app_token,
        api_url=settings.slack_api_url,
        command=settings.slack_command,
        seconds_between_writes=settings.message_update_seconds,
        witness_channel=settings.witness_channel,
    )


def rules_of(settings: RulesSettings) -> RulesInForce:
    """The rules, of the file or as the settings have them. Blocks while it reads the file.

    Raises:
        RulesFileError: the file cannot be used.
    """
    if settings.rules_file is not None:
        return RulesFileInForce(settings.rules_file, settings.regions or REGIONS_FOR_COPIES)
    access = AccessRules(
        people=frozenset(settings.allowed_people),
        groups=frozenset(settings.allowed_user_groups),
        channels=frozenset(settings.allowed_channels),
    )
    return FixedRules(Rules.only(access))


def pace_of(settings: Settings) -> Pace:
    """The bot's patience."""
    return Pace(
        first_look=settings.first_look_seconds,
        longest_look=settings.longest_look_seconds,
        grace=settings.grace_seconds,
        settle=settings.settle_seconds,
        patience=settings.patience_seconds,
        give_up=settings.give_up_seconds,
        first_retry=settings.first_retry_seconds,
    )


async def open_memory(settings: Settings, stack: AsyncExitStack, *, epoch: int | None = None) -> Storage:
    """What the bot remembers, until the stack is left.

    Args:
        settings: of the bot.
        stack: closes it.
        epoch: of the bot at work, see `open_storage`.

    Raises:
        CannotStartError: it cannot be used.
    """
    try:
        storage = await open_storage(settings.database, SystemClock(), key=settings.audit_key, epoch=epoch)
    except StorageError as error:
        raise CannotStartError(str(error)) from error
    except OSError as error:
        raise CannotStartError(f"{name_of(settings.database)} cannot be used: {error}.") from error
    stack.push_async_callback(storage.close)
    return storage


def ports_on(
    settings: Settings, storage: Storage, cloud: CloudDatabases, rules: RulesInForce, stack: AsyncExitStack
) -> Ports:
    """The world, with what is remembered in one storage.

    Args:
        settings: of the bot.
        storage: what is remembered.
        cloud: Cloud Databases.
        rules: those in force.
        stack: ends what looks at copies.
    """
    clock = SystemClock()
    watch = Poller(cloud, storage.catalogue, clock)
    stack.push_async_callback(watch.aclose)
    return Ports(
        cloud=cloud,
        record=storage.record,
        catalogue=storage.catalogue,
        watch=watch,
        clock=clock,
        pace=pace_of(settings),
        rules=rules,
    )
