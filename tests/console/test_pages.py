"""Every page and state of the console, without a browser, against an API in memory."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from console import backend, state
from oratio.domain.agents.agent import AgentStatus, Step
from oratio.domain.conversations.conversation import Channel, Conversation
from oratio.domain.knowledge.knowledge_base import DocumentProblem
from tests.console.support.fake_api import (
    HANDOFF,
    NOW,
    SOP,
    TOKEN,
    FakeApi,
    a_live_call,
    agent,
    problem,
    refused_connection,
)

type Open = Callable[..., AppTest]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeApi]:
    fake = FakeApi()
    monkeypatch.setenv("ORATIO_DATA", str(tmp_path))
    monkeypatch.setattr(backend, "transport", lambda: fake.transport)
    monkeypatch.setattr(backend, "_known", {})
    monkeypatch.setattr(state, "token", lambda: TOKEN)
    backend.settings.cache_clear()
    state.drafts.cache_clear()
    yield fake
    backend.settings.cache_clear()
    state.drafts.cache_clear()


def _script(start: str) -> None:
    from console.shell import main

    main(start)


def opened(page: str, **query: str) -> AppTest:
    """A page of the console as it is first drawn."""
    app = AppTest.from_function(_script, kwargs={"start": page}, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def words(app: AppTest) -> str:
    """Everything a reader of the page sees."""
    kinds = ("title", "subheader", "markdown", "caption", "code", "error", "warning", "info", "success", "text")
    shown = [element.value for kind in kinds for element in app.get(kind) if hasattr(element, "value")]
    shown += [getattr(element, "label", "") for kind in ("expander", "button", "status") for element in app.get(kind)]
    return "\n".join(map(str, shown)).replace("\\", "")


def test_signed_out_operator_sees_only_the_form(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "token", lambda: "")
    app = opened("agents")
    assert app.title[0].value == "Sign in to Oratio"
    assert api.calls == []


def test_ended_session_is_told_apart_from_never_signed_in(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "token", lambda: "e30.eyJzdWIiOiJhIn0.old")
    assert "Your session has expired" in words(opened("agents"))


def test_first_agent_is_offered_with_a_sample(api: FakeApi) -> None:
    app = opened("agents")
    assert "No agent yet" in words(app)
    assert {"Make the first one", "Try the sample folder"} <= {button.label for button in app.button}


def test_sample_fills_a_whole_draft(api: FakeApi) -> None:
    opened("agents").button(key="sample").click().run()
    draft = state.drafts().newest("operator")
    assert draft is not None
    assert draft.agent_name == "Lamplight shop"
    assert len(state.drafts().files("operator", draft.draft_id)) == 4


def test_list_shows_each_status_and_can_be_searched(api: FakeApi) -> None:
    for status in AgentStatus:
        api.add(agent(str(status), status))
    app = opened("agents")
    assert all(f"Agent {status}" in words(app) for status in AgentStatus)
    app.text_input(key="search").set_value("FAILED").run()
    assert "Agent failed" in words(app)
    assert "Agent active" not in words(app)
    app.text_input(key="search").set_value("nobody").run()
    assert "No agent matches" in words(app)


def test_silent_api_keeps_the_last_list_with_its_age(api: FakeApi) -> None:
    api.add(agent("a"))
    app = opened("agents")
    api.broken = refused_connection
    app.run()
    assert "The Oratio API does not answer" in words(app)
    assert "Agent a" in words(app)


@pytest.mark.parametrize("page", ["agents", "create", "agent", "conversation"])
def test_silent_api_is_one_clear_message_from_the_start(api: FakeApi, page: str) -> None:
    api.broken = refused_connection
    app = opened(page, id="a")
    assert "The Oratio API does not answer" in words(app)
    assert not app.exception


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_failing_api_can_be_tried_again(api: FakeApi, status: int) -> None:
    api.add(agent("a"))
    api.refusals["GET", "/api/agents/a"] = httpx.Response(status, json={"code": "x", "detail": "no"})
    app = opened("agent", id="a")
    assert app.error
    del api.refusals["GET", "/api/agents/a"]
    app.button[-1].click().run()
    assert app.title[0].value == "Agent a"


def test_agent_of_another_tenant_is_as_one_that_is_not_there(api: FakeApi) -> None:
    assert "There is no such agent" in words(opened("agent", id="theirs"))


def test_creating_agent_shows_steps_done_running_and_waiting(api: FakeApi) -> None:
    api.add(agent("a", AgentStatus.CREATING))
    shown = words(opened("agent", id="a"))
    assert "Version 1 is being made" in shown
    assert "detail 0" in shown
    assert "radio_button_unchecked: Rehearse" in shown
    assert "Endpoints" not in shown


def test_failed_agent_says_step_cause_and_can_be_retried(api: FakeApi) -> None:
    api.add(agent("a", AgentStatus.FAILED))
    app = opened("agent", id="a")
    assert "The SOP says nothing to do" in words(app)
    app.button(key="retry").click().run()
    assert api.called("POST", "/api/agents/a/retry")
    assert "Version 1 is being made" in words(app)


def test_a_step_begun_again_says_so_and_the_log_tells_what_happened(api: FakeApi) -> None:
    api.add(agent("a", AgentStatus.FAILED))
    api.begun_before = {Step.AUTHOR_AGENT: 1}
    shown = words(opened("agent", id="a"))
    assert "Write the agent** · attempt 2" in shown
    assert "What was tried: 2 attempts" in shown
    assert "Write the agent: started again, attempt 2" in shown
    assert "Read the folder: done: detail 0" in shown


def test_scenarios_are_shown_one_by_one_while_they_are_played(api: FakeApi) -> None:
    made = agent("a", AgentStatus.CREATING)
    running = made.progress[2].model_copy(update={"step": Step.REHEARSE_AGENT, "detail": "2 of 3 scenarios, 1 passed"})
    api.add(made.model_copy(update={"progress": (*made.progress[:2], running)}))
    api.planned = ("Asks twice",)
    shown = words(opened("agent", id="a"))
    assert ":green[:material/check_circle:] Asks for a person" in shown
    assert ":red[:material/error:] Is angry · no human was called" in shown
    assert ":gray[:material/radio_button_unchecked: Asks twice]" in shown


def test_recorded_conversations_are_replayed_side_by_side(api: FakeApi) -> None:
    api.add(agent("a"))
    api.conversations["c0"] = Conversation(
        user_id="operator", agent_id="a", conversation_id="c0", version=1, channel=Channel.TEXT, started_at=NOW,
        updated_at=NOW, turns=2,
    )  # fmt: skip
    app = opened("agent", id="a", section="Versions")
    app.button(key="replay_send").click().run()
    assert json.loads(api.called("POST", "/api/agents/a/versions/2/replay")[0]) == {"conversations": 5}
    shown = words(app)
    assert "Within 30 days." in shown
    assert "Within 14 days." in shown
    assert "open on Sundays" not in shown
    app.toggle(key="replay_changed").set_value(False).run()
    assert "open on Sundays" in words(app)


def test_replay_refused_says_so_and_can_be_tried_again(api: FakeApi) -> None:
    api.add(agent("a"))
    api.refusals["POST", "/api/agents/a/versions/2/replay"] = problem(429, "rate_limited", "a replay is under way")
    app = opened("agent", id="a", section="Versions")
    app.button(key="replay_send").click().run()
    assert "Replaying did not work" in words(app)
    assert "Version 2" in words(app)


def test_refused_retry_is_told(api: FakeApi) -> None:
    api.add(agent("a", AgentStatus.FAILED))
    api.refusals["POST", "/api/agents/a/retry"] = problem(409, "conflict", "it runs already")
    app = opened("agent", id="a")
    app.button(key="retry").click().run()
    assert "it runs already" in words(app)


def test_active_agent_shows_endpoints_and_samples(api: FakeApi) -> None:
    api.add(agent("a"))
    shown = words(opened("agent", id="a"))
    assert "http://127.0.0.1:1/api/agents/a/invocations" in shown
    assert "curl" in shown


def test_answer_comes_with_source_line_tool_and_handoff(api: FakeApi) -> None:
    api.add(agent("a"))
    app = opened("agent", id="a", section="Talk")
    app.chat_input[0].set_value("Can I return it?").run()
    shown = words(app)
    for part in ("Within 30 days.", "returns.md", "page 2", "SOP line 3", "Ask for the order number", "Handed over:"):
        assert part in shown
    assert json.loads(api.called("POST", "/api/agents/a/invocations")[0]) == {"prompt": "Can I return it?"}
    app.chat_input[0].set_value("And then?").run()
    assert json.loads(api.called("POST", "/api/agents/a/invocations")[1])["sessionId"] == "s1"


def test_question_that_failed_is_given_back(api: FakeApi) -> None:
    api.add(agent("a"))
    api.refusals["POST", "/api/agents/a/invocations"] = problem(502, "agent_failed", "the agent did not answer")
    app = opened("agent", id="a", section="Talk")
    app.chat_input[0].set_value("A long question").run()
    assert "the agent did not answer" in words(app)
    assert "A long question" in [code.value for code in app.code]


def test_knowledge_shows_descriptions_and_problems(api: FakeApi) -> None:
    api.add(agent("a"))
    api.problems = (DocumentProblem(path="scan.pdf", reason="holds no text"),)
    shown = words(opened("agent", id="a", section="Knowledge"))
    assert "How to send goods back" in shown
    assert "holds no text" in shown


def test_knowledge_shows_use_questions_without_answer_and_why_a_passage_is_found(api: FakeApi) -> None:
    api.add(agent("a"))
    app = opened("agent", id="a", section="Knowledge")
    shown = words(app)
    assert "2 of 3" in shown
    assert "Do you repair lamps?" in shown
    app.text_input(key="knowledge_query").set_value("How do I send it back?")
    app.button(key="knowledge_send").click().run()
    assert "holds 50% of the question's words, by weight · 71% alike in meaning" in words(app)
    assert json.loads(api.called("POST", "/api/agents/a/searches")[0]) == {"query": "How do I send it back?"}


def test_failed_agent_can_be_started_again_with_its_words(api: FakeApi) -> None:
    api.add(agent("a", AgentStatus.FAILED))
    opened("agent", id="a").button(key="start_again").click().run()
    draft = state.drafts().newest("operator")
    assert draft is not None
    assert draft.sop == SOP
    assert draft.agent_id is None


def test_generated_files_can_be_compared(api: FakeApi) -> None:
    api.add(agent("a"))
    app = opened("agent", id="a", section="Generated files")
    assert "VERSION = 1" in words(app)
    app.selectbox(key="generated_other").select(2).run()
    assert "-VERSION = 2" in words(app)
    assert "+VERSION = 1" in words(app)


def test_coverage_names_the_lines_that_nothing_uses(api: FakeApi) -> None:
    api.add(agent("a"))
    app = opened("agent", id="a", section="Generated files")
    app.session_state["generated_file"] = "SOP coverage"
    shown = words(app.run())
    assert "step s001" in shown
    assert "nothing uses it" in shown


def test_rehearsal_shows_verdicts_and_reasons(api: FakeApi) -> None:
    api.add(agent("a"))
    shown = words(opened("agent", id="a", section="Rehearsal"))
    assert "Asks for a person · passed" in shown
    assert "Is angry · failed" in shown


def test_versions_offer_the_failed_one_only_by_a_dialog(api: FakeApi) -> None:
    api.add(agent("a"))
    app = opened("agent", id="a", section="Versions")
    app.button(key="activate_2").click().run()
    assert "Its rehearsal failed" in words(app)
    assert app.button(key="switch").disabled


def test_conversations_and_one_of_them(api: FakeApi) -> None:
    api.add(agent("a"))
    assert "No conversation matches" in words(opened("agent", id="a", section="Conversations"))
    assert "No conversations yet" in words(opened("conversations"))
    api.conversations["c"] = Conversation(
        user_id="operator", agent_id="a", conversation_id="c", version=1, channel=Channel.TEXT, started_at=NOW,
        updated_at=NOW + 5000, turns=1, outcome="handed_off", handoff=HANDOFF,
    )  # fmt: skip
    assert "handed over" in words(opened("agent", id="a", section="Conversations"))
    shown = words(opened("conversation", id="c"))
    assert "Can I return it?" in shown
    assert "Order 17 is broken" in shown


def test_new_key_is_shown_in_one_run_only(api: FakeApi) -> None:
    api.add(agent("a"))
    app = opened("agent", id="a", section="Access")
    app.text_input(key="key_name").set_value("Web shop")
    app.button(key="key_create").click().run()
    assert "orat_live_secret" in words(app)
    assert "orat_live_secret" not in words(app.run())
    assert "orat_live_secret" not in str(app.session_state)


def test_refused_key_keeps_what_was_typed(api: FakeApi) -> None:
    api.add(agent("a"))
    api.refusals["POST", "/api/agents/a/api-keys"] = problem(
        422, "invalid_input", "bad", [{"loc": ["origins"], "msg": "is no origin"}]
    )
    app = opened("agent", id="a", section="Access")
    app.text_input(key="key_name").set_value("Web shop")
    app.button(key="key_create").click().run()
    assert "is no origin" in words(app)
    assert app.text_input(key="key_name").value == "Web shop"


def test_deleting_needs_the_name(api: FakeApi) -> None:
    api.add(agent("a"))
    app = opened("agent", id="a", section="Settings")
    assert app.button(key="delete").disabled
    app.text_input(key="delete_name").set_value("Agent a").run()
    app.button(key="delete").click().run()
    assert api.called("DELETE", "/api/agents/a") == [b""]


def test_procedure_of_ten_megabytes_is_told_about_without_a_field_for_it(api: FakeApi) -> None:
    draft = state.drafts().start("operator", sop="1. Say hello.\n" * 700_000).draft_id
    app = opened("create", draft=draft)
    assert "at most 100,000 are allowed" in words(app)
    assert not app.text_area
    app.button(key="sop_empty").click().run()
    assert app.text_area[0].value == ""


def test_sandbox_tier_below_a_is_told_on_every_page(api: FakeApi) -> None:
    api.sandbox = "C"
    assert "sandbox tier C" in words(opened("agents"))


def test_health_names_what_does_not_answer(api: FakeApi) -> None:
    shown = words(opened("system"))
    assert "Not working" in shown
    assert "Voice server" in shown


def test_fault_of_one_section_is_a_number_and_not_a_traceback(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    api.add(agent("a"))

    def fall(*_: Any) -> None:
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr("console.views.knowledge.table", fall)
    app = opened("agent", id="a", section="Knowledge")
    assert "Something went wrong in this part" in words(app)
    assert "secret words" not in words(app)
    assert app.title[0].value == "Agent a"


def test_figures_say_counts_of_few_and_lead_to_their_conversations(api: FakeApi) -> None:
    assert "No conversations in this time" in words(opened("analytics"))
    api.add(agent("a"))
    api.conversations["c"] = a_call("c")
    app = opened("analytics")
    told = {metric.label: metric.value for metric in app.metric}
    assert told["Calls"] == "1"
    assert told["First sound, p50"] == "900 ms"
    assert told["First sound, p95"] == "2.4 s"
    assert told["Handed over"] == "1 of 1"
    assert "/conversations?since=" in words(app)
    assert "The caller asks for a person" in words(app)


def test_conversations_ask_the_api_for_what_the_address_says(api: FakeApi) -> None:
    api.add(agent("a"))
    opened("conversations", agent="a", outcome="handed_off", channel="voice", since=f"{NOW}", until=f"{NOW + 1}")
    assert api.queries[-1].items() >= {"agentId": "a", "outcome": "handed_off", "channel": "voice"}.items()
    assert int(api.queries[-1]["since"]) <= NOW < int(api.queries[-1]["until"])


def test_live_calls_put_who_waits_for_a_human_first(api: FakeApi) -> None:
    assert "No calls in progress" in words(opened("live"))
    api.live = [a_live_call("one"), a_live_call("two", handoff=True)]
    shown = words(opened("live"))
    assert "2 going on, 1 asking for a human" in shown
    assert shown.index("asks for a human") < shown.index("with the agent")
    assert "Order 17 is broken" in shown


def a_call(name: str) -> Conversation:
    return Conversation(
        user_id="operator", agent_id="a", conversation_id=name, version=1, channel=Channel.VOICE, started_at=NOW,
        updated_at=NOW + 45_000, turns=1, outcome="handed_off", handoff=HANDOFF,
    )  # fmt: skip
