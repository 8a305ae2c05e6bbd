"""The checks of `oratio doctor`."""

import os
import socket
from importlib import metadata
from pathlib import Path

import pytest

from oratio.cli.machine import checks
from oratio.cli.supervisor.run_folder import RunFolder
from oratio.errors import InvalidInput
from oratio.settings import load

RICH = metadata.version("rich")


@pytest.mark.parametrize(
    ("lines", "differences"),
    [
        ([f"rich=={RICH} \\", "    --hash=sha256:00", "    # via typer"], []),
        (["rich==0.0.1 \\"], [f"rich is {RICH}, not 0.0.1"]),
        (["no-such-package==1.0 \\"], ["no-such-package 1.0 is missing"]),
        (["no-such-package==1.0 ; sys_platform == 'win32' \\"], []),
    ],
    ids=["as locked", "another version", "missing", "missing, for another platform"],
)
def test_lock_differences(lines: list[str], differences: list[str]) -> None:
    assert list(checks.lock_differences(lines)) == differences


def test_this_machine_has_full_text_search() -> None:
    assert checks.full_text_search().ok


def test_embedding_weights_are_the_measured_ones() -> None:
    assert checks.embedding_model().ok


def test_unknown_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORATIO_MODLE", "builtin")
    check = checks.variables()
    assert (check.ok, check.detail) == (False, "ORATIO_MODLE")


def test_data_folder_that_does_not_exist_is_no_fault(tmp_path: Path) -> None:
    assert [check.ok for check in checks.data_folder(load(data=tmp_path / "new"))] == [True]


def test_keys_that_others_can_read_are_a_fault(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o755)
    (tmp_path / "keys").chmod(0o755)
    (check,) = checks.data_folder(load(data=tmp_path))
    assert not check.ok
    assert "chmod" in check.fix


def test_running_oratio_shows_in_the_data_folder_and_excuses_its_ports(tmp_path: Path) -> None:
    settings = load(data=tmp_path)
    with RunFolder(tmp_path).hold():
        (check,) = checks.data_folder(settings)
        assert f"pid {os.getpid()}" in check.detail
        assert checks.ports(settings).ok


def test_busy_port_is_named_with_its_service(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        check = checks.ports(load(data=tmp_path, port_base=port))
    assert not check.ok
    assert f"{port} (api)" in check.detail


def test_disk_of_a_folder_not_yet_made_is_that_of_its_parent(tmp_path: Path) -> None:
    assert str(tmp_path) in checks.disk(load(data=tmp_path / "a" / "b")).detail


def test_a_setting_of_the_wrong_form_is_told_what_to_write() -> None:
    with pytest.raises(InvalidInput, match=r"model_prices: .*`bedrock/<model id>=3:15"):
        load(model_prices="bedrock/x")


def test_a_list_that_is_no_json_is_told_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORATIO_JWT_ISSUERS", "https://id.example")
    with pytest.raises(InvalidInput, match=r"jwt_issuers.*a list of settings is written as JSON"):
        load()
