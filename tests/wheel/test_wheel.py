"""The built wheel, alone in an empty environment and away from the checkout, is a whole Oratio."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.e2e.installation import TELECOM
from tests.wheel.environment import (
    ROOT,
    WheelInstallation,
    build_wheel,
    make_environment,
    run,
    share_prefect_database,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]

SERVICES = {"api", "console", "voice", "prefect", "flows", "agent-host"}
# Every module but those that start something when they are imported.
IMPORT_ALL = """
import importlib, json, pathlib, sys
import oratio.installation
shells = oratio.installation.shells()
sys.path.insert(0, str(shells))
failed, package = {}, pathlib.Path(oratio.__file__).parent
for root in (package.parent, shells):
    for path in sorted((package if root == package.parent else shells).rglob("*.py")):
        if root == package.parent and path.is_relative_to(shells):
            continue
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        if name == "console.app":
            continue
        try:
            importlib.import_module(name)
        except ImportError as error:
            failed[name] = error.name
print(json.dumps(failed))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def whole(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment with the runtime lock."""
    return make_environment(tmp_path_factory.mktemp("whole") / "env", ROOT / "requirements.lock", wheel)


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment without console, speech and Nova Sonic."""
    return make_environment(tmp_path_factory.mktemp("bare") / "env", ROOT / "deployments/locks/services.lock", wheel)


def failed_imports(binaries: Path, folder: Path) -> dict[str, str]:
    done = run([binaries / "python", "-P", "-c", IMPORT_ALL], folder)
    assert done.returncode == 0, done.stderr
    failed: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return failed


def test_the_wheel_puts_one_name_into_site_packages(wheel: Path) -> None:
    names = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"oratio"}


def test_creation_and_question_from_another_folder(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    share_prefect_database(whole)
    oratio = WheelInstallation(tmp_path / "data", whole)
    try:
        oratio.up()
        services = oratio.json("status")["services"]
        assert {entry["name"] for entry in services if entry["healthy"]} == SERVICES
        agent = oratio.json(*oratio.create(TELECOM, "--exclude", "main_policy.md", "--exclude", "LICENSE"))
        assert agent["status"] == "active", agent["error"]
        answer = oratio.json("ask", agent["agentId"], "How do I turn off airplane mode?")
        assert answer["citations"]
    finally:
        oratio.down()


def test_every_module_imports_from_the_runtime_lock(whole: Path, tmp_path: Path) -> None:
    assert failed_imports(whole, tmp_path) == {}


def test_without_the_extras_only_their_own_modules_fail(bare: Path, tmp_path: Path) -> None:
    failed = failed_imports(bare, tmp_path)
    assert {name.partition(".")[0] for name in failed} == {"oratio", "console"}
    assert {module for name, module in failed.items() if name.startswith("console")} <= {"streamlit"}
    missing = {module for name, module in failed.items() if name.startswith("oratio")}
    assert missing == {"aws_sdk_bedrock_runtime", "awscrt"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["up"], "oratio[console]"),
        (["up", "--detach", "--no-console"], "oratio[speech]"),
        (["run", "console"], "oratio[console]"),
        (["run", "voice"], "oratio[speech]"),
    ],
    ids=" ".join,
)
def test_a_missing_part_names_its_extra_before_anything_starts(
    bare: Path, tmp_path: Path, arguments: list[str], named: str
) -> None:
    line = WheelInstallation(tmp_path / "data", bare).refused(*arguments, code=2)
    assert f"pip install '{named}'" in line
    assert not (tmp_path / "data").exists()


def test_doctor_names_the_extras(bare: Path, tmp_path: Path) -> None:
    done = WheelInstallation(tmp_path / "data", bare).run("doctor", "--json", "--data", str(tmp_path / "data"))
    faults = {check["name"]: check["mend"] for check in json.loads(done.stdout)["checks"] if not check["ok"]}
    assert done.returncode == 1
    assert {name: "pip install 'oratio[" in mend for name, mend in faults.items()} == {"console": True, "speech": True}
