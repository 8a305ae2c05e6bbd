"""Spans: what they may hold, and what they cost where nobody wants them."""

import subprocess
import sys

import pytest
from pydantic import SecretStr

from oratio.errors import InvalidInput, StepFailed
from oratio.otlp import OtlpTracer, span_context
from oratio.settings import child_environment, load
from tests.fakes.otlp import collecting

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_without_an_endpoint_no_process_imports_an_exporter() -> None:
    code = (
        "import sys, oratio.api.app, voice_server.server.app, flows.worker, oratio.agent_host.app, oratio.tracing as t;"
        "assert t.current() is None and t.span('x').traceparent is None;"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.exporter', 'oratio.otlp'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_error_is_told_by_its_name_and_never_by_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_SDK_DISABLED", raising=False)
    with collecting() as collector:
        tracer = OtlpTracer(load(otlp_endpoint=collector.endpoint), service="test")
        for error in (StepFailed("the words of a document"), ValueError("the words of a document")):
            with pytest.raises(type(error)), tracer.begin("work", PARENT, None, None, {"agent_id": "a1"}):
                raise error
        tracer.flush()
        spans = collector.spans
    assert [span.attributes["error.type"] for span in spans] == ["step_failed", "ValueError"]
    assert {(span.trace_id, span.parent_id) for span in spans} == {(PARENT.split("-")[1], PARENT.split("-")[2])}
    assert not any(b"words" in body for body in collector.bodies)


def test_an_attribute_that_is_not_on_the_list_cannot_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_SDK_DISABLED", raising=False)
    with collecting() as collector:
        tracer = OtlpTracer(load(otlp_endpoint=collector.endpoint), service="test")
        with pytest.raises(KeyError):
            tracer.begin("work", None, None, None, {"prompt": "hello"})


@pytest.mark.parametrize(
    "text", [None, "", "x", PARENT[:-1], PARENT.upper(), PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32)]
)
def test_a_malformed_traceparent_begins_a_trace_of_its_own(text: str | None) -> None:
    assert span_context(text) is None


def test_headers_of_the_collector_have_a_form() -> None:
    settings = load(otlp_endpoint="http://127.0.0.1:9", otlp_headers=SecretStr("no-sign"))
    with pytest.raises(InvalidInput, match="ORATIO_OTLP_HEADERS"):
        OtlpTracer(settings, service="test")


def test_libraries_stay_silent_and_strands_is_told_to_redact() -> None:
    off = child_environment(load(), "api")
    on = child_environment(load(otlp_endpoint="http://127.0.0.1:9"), "api")
    assert (off["OTEL_SDK_DISABLED"], on["OTEL_SDK_DISABLED"]) == ("true", "false")
    assert on["OTEL_SEMCONV_STABILITY_OPT_IN"] == "gen_ai_unredacted_attributes="
