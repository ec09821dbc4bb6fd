"""`views.*`, `blocks.validate`, `auth.test` and `api.test`."""

from collections.abc import Callable

from bot.sandbox.workspace.method import Arguments, JsonText, method
from bot.sandbox.workspace.refusals import Payload, SlackError
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.view_stacks import LiveView, is_modal


class _Nothing(Arguments):
    pass


class _Open(Arguments):
    trigger_id: str
    view: object


class _Update(Arguments):
    view: object
    view_id: str | None = None
    external_id: str | None = None
    hash: str | None = None


class _Publish(Arguments):
    user_id: str
    view: object
    hash: str | None = None


class _Validate(Arguments):
    blocks: JsonText = None
    message: JsonText = None
    view: JsonText = None


class _ApiTest(Arguments):
    error: str | None = None


def _shown(state: WorkspaceState, view: LiveView) -> Payload:
    return {"ok": True, "view": view.payload(state.app.view_identity, with_state=False)}


def _open(state: WorkspaceState, arguments: _Open) -> Payload:
    accepted = state.accept_modal(arguments.view)
    trigger = state.triggers.exchange(arguments.trigger_id)
    return _shown(state, state.views.open(trigger.user_id, accepted, trigger.conversation))


def _push(state: WorkspaceState, arguments: _Open) -> Payload:
    accepted = state.accept_modal(arguments.view)
    trigger = state.triggers.exchange(arguments.trigger_id)
    return _shown(state, state.views.push(trigger.user_id, accepted))


def _update(state: WorkspaceState, arguments: _Update) -> Payload:
    if not arguments.view_id and not arguments.external_id:
        raise SlackError("invalid_arguments", ("missing required field: view_id or external_id",))
    accepted = state.accept_modal(arguments.view)
    view = state.views.find(arguments.view_id, arguments.external_id)
    if not is_modal(view):
        raise SlackError("invalid_arguments", ("a home view is changed with views.publish",))
    return _shown(state, state.views.update(view, accepted, arguments.hash))


def _publish(state: WorkspaceState, arguments: _Publish) -> Payload:
    if not state.app.manifest.features.app_home.home_tab_enabled:
        raise SlackError("not_enabled")
    user = state.directory.user(arguments.user_id)
    if user.is_bot:
        raise SlackError("invalid_arguments", ("a bot has no App Home",))
    return _shown(state, state.views.publish(user.id, state.accept_home(arguments.view), arguments.hash))


def _validate(state: WorkspaceState, arguments: _Validate) -> Payload:
    given = {name: value for name, value in arguments if value is not None}
    if len(given) != 1:
        raise SlackError("invalid_arguments", ("provide exactly one of `blocks`, `view` and `message`",))
    name, value = next(iter(given.items()))
    check, error = _check_of(state, name, value)
    try:
        check(value)
    except SlackError as refused:
        messages = refused.messages or (refused.error,)
        return {"ok": False, "error": error, "errors": [_pointed(message) for message in messages]}
    return {"ok": True}


def _check_of(state: WorkspaceState, name: str, value: object) -> tuple[Callable[[object], object], str]:
    if name == "blocks":
        return state.accept_blocks, "invalid_blocks"
    if name == "view":
        home = isinstance(value, dict) and value.get("type") == "home"
        return (state.accept_home if home else state.accept_modal), "invalid_view"

    def message(given: object) -> object:
        if not isinstance(given, dict):
            raise SlackError("invalid_blocks", ("must be an object",))
        return state.accept_blocks(given.get("blocks", []))

    return message, "invalid_message"


def _pointed(message: str) -> Payload:
    """One error as blocks.validate gives it: where, and what."""
    words, _, pointer = message.partition(" [json-pointer:")
    return {"pointer": pointer.rstrip("]"), "code": "failed_constraint", "message": words}


def _auth_test(state: WorkspaceState, _arguments: _Nothing) -> Payload:
    return {
        "ok": True,
        "url": state.team.url,
        "team": state.team.name,
        "user": state.directory.user(state.app.bot_user_id).name,
        "team_id": state.team.id,
        "user_id": state.app.bot_user_id,
        "bot_id": state.app.bot_id,
        "is_enterprise_install": False,
    }


def _api_test(_state: WorkspaceState, arguments: _ApiTest) -> Payload:
    if arguments.error:
        raise SlackError(arguments.error, details={"args": {"error": arguments.error}})
    return {"ok": True, "args": {}}


VIEW_METHODS = (
    method("views.open", _Open, _open, tier=4),
    method("views.push", _Open, _push, tier=4),
    method("views.update", _Update, _update, tier=4),
    method("views.publish", _Publish, _publish, tier=4),
    method("blocks.validate", _Validate, _validate, tier=3),
    method("auth.test", _Nothing, _auth_test),
    method("api.test", _ApiTest, _api_test, caller="anyone"),
)
"""What the app can show, and what it can test."""
