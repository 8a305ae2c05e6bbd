"""What `oratio up` and `oratio doctor` refuse before a service starts."""

from pathlib import Path

import pytest

from oratio.cli.machine.checks import serviceable
from oratio.cli.main import invoke
from oratio.cli.preflight import service_problems, up_problems
from oratio.settings import load

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI")
WRONG = [
    ("ORATIO_MODEL", "gpt-5", "names no model"),
    ("ORATIO_MODEL", "bedrock/", "names no model"),
    ("ORATIO_MODEL", "openai/gpt-5", "needs the package openai"),
    ("ORATIO_MODEL", "ollama/llama", "needs the package ollama"),
    ("ORATIO_MODEL", "llamacpp/8080", "names no address"),
    ("ORATIO_SPEECH", "locl", "names no speech model"),
    ("ORATIO_SPEECH", "openai/gpt-realtime", "needs a key"),
    ("ORATIO_SPEECH", "gemini/live", "needs the package google-genai"),
    ("ORATIO_PLATFORM", "aws", "ORATIO_AWS_ACCOUNT_ID"),
]


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("variable", "value", "said"), WRONG)
def test_up_refuses_in_one_line_and_makes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    variable: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(variable, value)
    assert invoke(["up", "--detach", "--data", str(tmp_path / "data")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("oratio: ")
    assert error.count("\n") == 1
    assert said in error
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("variable", "value", "said"), [entry for entry in WRONG if entry[0] != "ORATIO_PLATFORM"])
def test_doctor_names_the_same_fault(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str) -> None:
    monkeypatch.setenv(variable, value)
    checks = [serviceable(service, load()) for service in ("console", "voice", "agent-host")]
    (fault,) = [check for check in checks if not check.ok]
    assert said in fault.detail
    assert fault.fix


@pytest.mark.parametrize("model", ["builtin", "bedrock/amazon.nova-pro-v1:0", "llamacpp/http://127.0.0.1:8080"])
@pytest.mark.parametrize("speech", ["local", "none", "nova-sonic"])
def test_what_can_start_is_not_refused(model: str, speech: str) -> None:
    assert up_problems(load(model=model, speech=speech), console=True) == []


def test_a_key_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    assert service_problems("voice", load(speech="openai/gpt-realtime")) == []


def test_a_service_is_not_asked_for_what_another_needs() -> None:
    settings = load(model="gpt-5", speech="locl")
    assert service_problems("api", settings) == []
    assert [problem.message for problem in service_problems("flows", settings)] == [
        "ORATIO_MODEL='gpt-5' names no model"
    ]
