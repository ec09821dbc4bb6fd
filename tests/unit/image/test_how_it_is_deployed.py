"""The README's Kubernetes manifest and lines for Docker fit the settings, the server and the image."""

import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest
import yaml
from starlette.applications import Starlette
from starlette.routing import Route

from bot.operations.readiness import Standing
from bot.server import build_monitoring, build_web
from bot.settings import Settings
from tests.fakes.dockerfile import Stage, read_stages
from tests.fakes.repository import README, commands

Manifest = Mapping[str, Any]

SECONDS_TO_END = 10
"""Within which the bot has ended after SIGTERM, as the README promises."""

DATABASE_OF_DOCKER = "copy-backup-db"


@pytest.fixture(scope="module")
def image() -> Stage:
    return read_stages()[-1]


def manifests() -> Mapping[str, Manifest]:
    (text,) = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    found = {each["kind"]: each for each in yaml.safe_load_all(text)}
    assert sorted(found) == ["Deployment", "PodDisruptionBudget", "Secret", "Service"]
    return found


def deployment() -> Manifest:
    spec: Manifest = manifests()["Deployment"]["spec"]
    return spec


def pod() -> Manifest:
    spec: Manifest = deployment()["template"]["spec"]
    return spec


def container() -> Manifest:
    only: Manifest
    (only,) = pod()["containers"]
    return only


def environment(image: Stage) -> dict[str, str]:
    """What the bot is started with: of the image, the secret, and the container, the later before the earlier."""
    (source,) = container()["envFrom"]
    secret = manifests()["Secret"]
    assert source["secretRef"]["name"] == secret["metadata"]["name"]
    own: dict[str, str] = {each["name"]: each["value"] for each in container()["env"]}
    return image.environment | dict(secret["stringData"]) | own


def ports() -> dict[str, int]:
    return {each["name"]: each["containerPort"] for each in container()["ports"]}


async def _ready() -> Standing:
    return Standing()


async def _nothing() -> bytes:
    return b""


def paths_of(web: Starlette) -> set[str]:
    return {route.path for route in web.routes if isinstance(route, Route)}


# --- Kubernetes --------------------------------------------------------------------------------------------------


def test_every_variable_is_a_setting_and_a_text(image: Stage) -> None:
    set_here = {name: value for name, value in environment(image).items() if name not in image.environment}

    assert {name.lower() for name in set_here} <= set(Settings.model_fields)
    assert all(isinstance(value, str) for value in environment(image).values()), "Kubernetes takes nothing else"


def test_what_is_set_is_enough_to_start_in_http_mode_on_postgresql(
    image: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment(image).items():
        monkeypatch.setenv(name, value)

    settings = Settings(_env_file=None)

    assert settings.slack_app_token is None
    assert settings.database_url.get_secret_value().startswith("postgresql://")
    assert {settings.port, settings.monitoring_port} == set(ports().values())
    assert settings.host == settings.monitoring_host == "0.0.0.0"  # noqa: S104 - the container has its own


def test_what_is_secret_is_in_the_secret_alone() -> None:
    secret = {name.upper() for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}

    assert not secret & {each["name"] for each in container()["env"]}


@pytest.mark.parametrize("probe", ["readinessProbe", "livenessProbe"])
def test_a_probe_asks_what_the_server_answers(probe: str) -> None:
    asked = container()[probe]["httpGet"]
    served = {
        "http": paths_of(build_web(None, _ready)),
        "monitoring": paths_of(build_monitoring(_ready, _nothing)),
    }

    assert asked["path"] == {"readinessProbe": "/readyz", "livenessProbe": "/livez"}[probe]
    assert asked["path"] in served[asked["port"]]
    assert asked["port"] in ports()


def test_prometheus_finds_the_metrics() -> None:
    annotations = deployment()["template"]["metadata"]["annotations"]

    assert int(annotations["prometheus.io/port"]) == ports()["monitoring"]
    assert "/metrics" in paths_of(build_monitoring(_ready, _nothing)), "where it looks if nothing is said"


def test_the_service_leads_to_where_slacks_requests_are_taken(image: Stage) -> None:
    (port,) = manifests()["Service"]["spec"]["ports"]

    assert ports()[port["targetPort"]] == int(image.only("EXPOSE").text)


def test_all_parts_mean_the_same_pods() -> None:
    labels = deployment()["template"]["metadata"]["labels"]
    (spread,) = pod()["topologySpreadConstraints"]

    assert deployment()["selector"]["matchLabels"] == labels
    assert manifests()["Service"]["spec"]["selector"] == labels
    assert spread["labelSelector"]["matchLabels"] == labels
    assert manifests()["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels


def test_an_upgrade_ends_nobody_before_another_is_ready() -> None:
    strategy = deployment()["strategy"]
    budget = manifests()["PodDisruptionBudget"]["spec"]

    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    assert deployment()["replicas"] - budget["maxUnavailable"] >= 2, "two can answer whatever a node's drain ends"


def test_the_bot_is_given_the_time_it_needs_to_end() -> None:
    command = container()["lifecycle"]["preStop"]["exec"]["command"]

    assert command[0] == "sleep", "what a slim Debian has"
    assert pod()["terminationGracePeriodSeconds"] >= int(command[1]) + SECONDS_TO_END
    assert f"ended within {SECONDS_TO_END} seconds" in README
    assert int(command[1]) >= container()["readinessProbe"]["periodSeconds"]


def test_it_runs_as_the_user_of_the_image_and_writes_where_it_may(image: Stage) -> None:
    user, _, group = image.only("USER").text.partition(":")
    whole, own = pod()["securityContext"], container()["securityContext"]
    volumes = {each["name"] for each in pod()["volumes"]}
    mounted = {each["mountPath"]: each["name"] for each in container()["volumeMounts"]}

    assert (whole["runAsNonRoot"], whole["runAsUser"], whole["runAsGroup"]) == (True, int(user), int(group))
    assert own == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert image.only("VOLUME").text in mounted
    assert set(mounted.values()) == volumes


def test_it_is_the_command_of_the_image(image: Stage) -> None:
    assert container()["args"] == image.only("CMD").words
    assert "command" not in container(), "the entry point is the image's"
    assert container()["image"] == name_built()


# --- Docker ------------------------------------------------------------------------------------------------------


def name_built() -> str:
    (line,) = [line for line in commands() if line.startswith("docker build ")]
    words = shlex.split(line)
    return words[words.index("-t") + 1]


def runs() -> Sequence[Sequence[str]]:
    found = [shlex.split(line)[2:] for line in commands() if line.startswith("docker run ")]
    assert len(found) == 5
    return found


def runs_of_the_bot() -> Sequence[Sequence[str]]:
    return [words for words in runs() if name_built() in words]


def values(words: Sequence[str], option: str) -> list[str]:
    return [value for word, value in pairwise(words) if word == option]


def on_postgresql(words: Sequence[str]) -> bool:
    return bool(values(words, "--network"))


@pytest.mark.parametrize("number", range(4))
def test_the_bot_of_docker_keeps_what_it_has_and_is_given_its_settings(number: int, image: Stage) -> None:
    words = runs_of_the_bot()[number]

    assert values(words, "--env-file") == [".env"]
    assert not values(words, "-e"), "secrets are in the file, and the rest as the image has it"
    assert words[-1] in {name_built(), "doctor"}
    assert (words[-1] == "doctor") == ("--rm" in words)
    volumes = [f"copy-backup:{image.only('VOLUME').text}"]
    assert values(words, "-v") == ([] if on_postgresql(words) else volumes)
    if "-d" in words:
        port = image.only("EXPOSE").text
        assert values(words, "-p") == [f"{port}:{port}"]
        assert values(words, "--restart") == ["unless-stopped"]


def test_the_bot_reaches_the_database_by_the_name_it_has_in_their_network() -> None:
    (database,) = [words for words in runs() if name_built() not in words]
    networks = {value for words in runs() for value in values(words, "--network")}
    (url,) = re.findall(r"^echo \"DATABASE_URL=(\S+)\" >> \.env$", README, flags=re.MULTILINE)
    given = dict(pair.partition("=")[::2] for pair in values(database, "-e"))

    assert [f"docker network create {name}" for name in networks] == [
        line for line in commands() if line.startswith("docker network")
    ]
    assert values(database, "--name") == [DATABASE_OF_DOCKER]
    assert given == {"POSTGRES_USER": "copybot", "POSTGRES_PASSWORD": "", "POSTGRES_DB": "copybot"}
    assert url == f"postgresql://copybot:$POSTGRES_PASSWORD@{DATABASE_OF_DOCKER}:5432/copybot"


def test_the_database_of_docker_outlives_its_container() -> None:
    (database,) = [words for words in runs() if name_built() not in words]

    assert database[-1] == "postgres:17", "from 18 on the volume has to be mounted elsewhere"
    assert values(database, "-v") == [f"{DATABASE_OF_DOCKER}:/var/lib/postgresql/data"]
