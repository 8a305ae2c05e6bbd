"""compose.yaml, read as Compose reads it: every command, address, setting and volume it names exists."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.settings import Settings as PrefectSettings
from prefect.settings.legacy import _get_settings_fields
from prefect_redis.client import RedisMessagingSettings  # type: ignore[import-untyped]

from oratio.cli.supervisor.service_table import service_table
from oratio.settings import FIELDS, PORT_OFFSETS, QUIET, SECRETS, load

FILE = Path(__file__).parents[2] / "deployments" / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("command", [""])[0] == "oratio"}
REDIS_PREFIX = RedisMessagingSettings.model_config["env_prefix"]
NAMES = {
    *(f"ORATIO_{name.upper()}" for name in FIELDS),
    *_get_settings_fields(PrefectSettings),
    *(f"{REDIS_PREFIX}{name}".upper() for name in RedisMessagingSettings.model_fields),
    *QUIET,
    "POSTGRES_DB",
    "POSTGRES_USER",
    "POSTGRES_PASSWORD",
}


def test_every_service_of_oratio_runs_and_prefect_is_one_of_two_others() -> None:
    table = {entry.name for entry in service_table(load(prefect_api_url="http://prefect:4200/api"))}
    commands = [service["command"] for service in OURS.values()]
    assert all(command[:2] == ["oratio", "run"] and len(command) == 3 for command in commands)
    assert {command[2] for command in commands} == table
    assert set(SERVICES) - set(OURS) == {"database", "redis", "prefect"}
    assert SERVICES["prefect"]["command"][:3] == ["prefect", "server", "start"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_variable_is_a_setting_of_whoever_reads_it(name: str) -> None:
    assert set(SERVICES[name].get("environment", {})) <= NAMES


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_given_only_the_secrets_that_its_process_needs(name: str) -> None:
    process = OURS[name]["command"][2]
    given = {variable for variable in OURS[name]["environment"] if re.search(r"AUTH|SECRET|TOKEN|HEADERS", variable)}
    assert given <= {f"ORATIO_{secret.upper()}" for secret in SECRETS[process]}
    assert ("ORATIO_PREFECT_AUTH" in given) is (process in ("api", "flows"))


def test_every_variable_that_a_person_sets_is_asked_for_by_a_name_that_says_what() -> None:
    asked = set(re.findall(r"\$\{(\w+)", FILE.read_text()))
    assert asked - {"PREFECT_DATABASE_PASSWORD"} <= NAMES


@pytest.mark.parametrize("name", SERVICES)
def test_a_secret_comes_from_outside_and_must_be_given(name: str) -> None:
    secrets = {
        variable: value
        for variable, value in SERVICES[name].get("environment", {}).items()
        if re.search(r"PASSWORD|AUTH|SECRET|TOKEN|KEY", variable)
    }
    assert all(re.fullmatch(r"\$\{\w+:\?.+\}", value) for value in secrets.values())


@pytest.mark.parametrize("name", OURS)
def test_a_health_check_asks_the_port_its_service_listens_on(name: str) -> None:
    service = OURS[name]["command"][2]
    port = load().server.port_base + PORT_OFFSETS[service]
    assert OURS[name]["healthcheck"]["test"][-1].startswith(f"http://127.0.0.1:{port}/")


def test_only_addresses_for_people_are_published_and_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    ports = [load().port(service) for service in ("api", "voice", "console")]
    assert published == {"agent-host": [f"127.0.0.1:{port}:{port}" for port in ports]}


def test_whoever_asks_the_agent_host_shares_its_loopback() -> None:
    assert {service.get("network_mode") for name, service in OURS.items() if name != "agent-host"} == {
        "service:agent-host"
    }


def test_every_volume_is_declared_and_no_folder_of_a_machine_is_mounted() -> None:
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])
    assert not any(value for value in COMPOSE["volumes"].values())


def test_every_service_has_a_health_check_and_waits_for_known_ones() -> None:
    assert all("healthcheck" in service for service in SERVICES.values())
    waited = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert waited <= set(SERVICES)


def test_images_are_plain_names_with_a_version_and_ours_is_built_here() -> None:
    images = {service["image"] for service in SERVICES.values()}
    built = {service["image"]: service["build"] for service in SERVICES.values() if "build" in service}
    assert images == {"postgres:15", "redis:7", *built}
    dockerfile = FILE.parent / "Dockerfile"
    targets = set(re.findall(r"^FROM \S+ AS (\w+)$", dockerfile.read_text(), re.MULTILINE))
    for image, build in built.items():
        assert (FILE.parent / build["context"] / build["dockerfile"]).samefile(dockerfile)
        assert image == f"oratio-{build['target']}:local"
        assert build["target"] in targets


def test_every_file_that_the_images_copy_is_there() -> None:
    text = (FILE.parent / "Dockerfile").read_text()
    copied = re.findall(r"^COPY ([\w./-]+\.\w+) ", text, re.MULTILINE)
    assert "deployments/locks/voice.lock" in copied
    assert all((FILE.parents[1] / path).is_file() for path in copied)


def test_two_workers_have_names_of_their_own() -> None:
    workers = [service["environment"] for service in OURS.values() if service["command"][2] == "flows"]
    assert len({worker["ORATIO_WORKER_NAME"] for worker in workers}) == len(workers) == 2
