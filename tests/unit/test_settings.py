import os
from pathlib import Path

import pytest

from oratio.errors import InvalidInput
from oratio.settings import FIELDS, SECTION_OF, SECTIONS, Settings, child_environment, defaults, load, sources


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_setting_is_in_one_section_and_has_a_description() -> None:
    named = [name for kind in SECTIONS.values() for name in kind.model_fields]
    assert len(named) == len(set(named))
    assert set(SECTION_OF) == set(FIELDS) == {*named, "platform", "environment", "data"}
    assert all(field.description for field in FIELDS.values())


def test_a_value_comes_from_the_caller_then_the_variable_then_the_file_then_the_default(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "oratio.toml").write_text("max_files = 3\nvoice_max_calls = 4\nport_base = 9000\n")
    monkeypatch.setenv("ORATIO_VOICE_MAX_CALLS", "5")
    monkeypatch.setenv("ORATIO_PORT_BASE", "9100")
    settings = load(port_base=9200)
    assert settings.limits.max_files == 3
    assert settings.voice.voice_max_calls == 5
    assert settings.server.port_base == 9200
    assert settings.aws == defaults().aws
    shown = {row.name: row.source for row in sources(settings)}
    assert shown["ORATIO_MAX_FILES"] == "oratio.toml"
    assert shown["ORATIO_VOICE_MAX_CALLS"] == "ORATIO_VOICE_MAX_CALLS"
    assert shown["ORATIO_HOST"] == "default"


def test_what_is_wrong_names_the_setting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "oratio.toml").write_text("no_such_setting = 1\n")
    monkeypatch.setenv("ORATIO_PORT_BASE", "80")
    with pytest.raises(InvalidInput) as refused:
        load()
    assert {problem.loc for problem in refused.value.problems} == {("port_base",), ("no_such_setting",)}
    assert "port_base: Input should be greater than or equal to 1024" in refused.value.message


def test_settings_cannot_be_changed_in_place_and_a_changed_copy_leaves_them_as_they_are() -> None:
    settings = load(voice_max_calls=7)
    with pytest.raises(ValueError, match="frozen"):
        settings.voice.voice_max_calls = 8  # type: ignore[misc]
    other = settings.changed(voice_max_calls=9, environment="test")
    assert (other.voice.voice_max_calls, other.environment, other.limits) == (9, "test", settings.limits)
    assert (settings.voice.voice_max_calls, settings.environment) == (7, "local")


def test_a_child_that_reads_its_environment_has_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(platform="aws", trace_ratio=0.5, voice_record=False, agent_base=Path("base.zip"), data=Path("d"))
    for name, value in child_environment(settings, "up").items():
        monkeypatch.setenv(name, value)
    assert isinstance(load(), Settings)
    assert load() == settings


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORATIO_PREFECT_AUTH", "ada:canary")
    settings = load()
    assert settings.prefect.prefect_auth is not None
    assert "canary" not in f"{settings!r}{sources(settings)}"
    assert os.environ["ORATIO_PREFECT_AUTH"] == "ada:canary"
