"""The environment that each process is started with holds the secrets it needs, and no other."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from oratio.cli.supervisor.service_table import service_table
from oratio.settings import FIELDS, SECRETS, Settings, child_environment, load

VALUES: Mapping[str, str] = {
    "ORATIO_OTLP_HEADERS": "authorization=otlp-canary",
    "ORATIO_PREFECT_AUTH": "ada:prefect-canary",
    "ORATIO_CONSOLE_OIDC_CLIENT_SECRET": "client-canary",
    "ORATIO_CONSOLE_COOKIE_SECRET": "cookie-canary",
    "ORATIO_API_TOKEN": "token-canary",
}
NEEDED: Mapping[str, set[str]] = {
    "api": {"otlp-canary", "prefect-canary"},
    "voice": {"otlp-canary"},
    "flows": {"otlp-canary", "prefect-canary"},
    "agent-host": {"otlp-canary"},
    "console": {"client-canary", "cookie-canary"},
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)
    return load(data=tmp_path, prefect_api_url="http://prefect:4200/api")


def canaries(environment: Mapping[str, str]) -> set[str]:
    text = " ".join(environment.values())
    return {name for name in ("otlp", "prefect", "client", "cookie", "token") if f"{name}-canary" in text}


@pytest.mark.parametrize("process", NEEDED)
def test_each_service_is_handed_only_the_secrets_it_needs(settings: Settings, process: str) -> None:
    (service,) = [entry for entry in service_table(settings) if entry.name == process]
    assert {f"{name}-canary" for name in canaries(service.environment)} == NEEDED[process]


def test_the_embedded_prefect_server_and_a_trial_are_handed_none_of_ours(settings: Settings) -> None:
    assert canaries(child_environment(settings, "prefect")) == set()
    assert canaries(child_environment(settings, "check")) == set()


def test_who_starts_the_others_has_theirs_and_not_the_command_lines(settings: Settings) -> None:
    assert canaries(child_environment(settings, "up")) == {"otlp", "prefect", "client", "cookie"}


def test_a_variable_in_small_letters_is_withheld_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORATIO_API_TOKEN")
    monkeypatch.setenv("oratio_api_token", "token-canary")
    assert "token" not in canaries(child_environment(settings, "api"))


def test_every_secret_setting_is_known_to_the_processes() -> None:
    settings = load(**_all_secrets())
    secrets = {name for name in FIELDS if isinstance(settings.value(name), SecretStr)}
    assert secrets == {name.removeprefix("ORATIO_").lower() for name in VALUES}
    assert set().union(*SECRETS.values()) == secrets - {"api_token"}


def _all_secrets() -> dict[str, str]:
    return {name.removeprefix("ORATIO_").lower(): value for name, value in VALUES.items()}
