"""Hand-written agents, a scripted model and a knowledge base in memory, for the tests of the runtime."""

import hashlib
import hmac
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from strands.models import Model
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolSpec

from oratio.domain.knowledge.knowledge_base import DocumentProblem, IngestionJob, Passage
from oratio.domain.plan.agent_plan import (
    AgentPlan,
    HandoffPolicy,
    PlanStep,
    RetrievalPolicy,
    Source,
    SourceDocument,
)
from oratio.domain.refs import VersionRef
from oratio.ports.agent_runtime import AgentPackage
from oratio.ports.knowledge_bases import EngineRef, KnowledgeBases

ANNOUNCEMENT = "I will put you through to a colleague."

AGENT_FILE = '''
from strands import Agent, tool

from oratio.agentkit import AgentContext


def build_agent(ctx: AgentContext) -> Agent:
    @tool
    def search_knowledge_base(query: str) -> dict:
        """Search the documents.

        Args:
            query: What to look for.
        """
        return ctx.search(query)

    @tool
    def hand_off_to_human(reason: str, summary: str) -> dict:
        """Hand over to a human.

        Args:
            reason: Why.
            summary: What the human needs to know.
        """
        return ctx.hand_off(reason, summary)

    @tool
    def greet_the_caller() -> dict:
        """Greet. SOP line 1."""
        return ctx.step("s001")

    @tool
    def run_experiment(what: str) -> dict:
        """Do what a test wants.

        Args:
            what: A name.
        """
        return experiment(what)

    tools = [search_knowledge_base, hand_off_to_human, greet_the_caller, run_experiment]
    return Agent(model=ctx.model, system_prompt=ctx.prompt, tools=tools, callback_handler=None)


def experiment(what):
    return {"status": "success", "content": [{"json": {"did": what}}]}
'''


def agent_file(experiment: str = "") -> bytes:
    """The agent, its `experiment` tool doing these lines first."""
    lines = "".join(f"    {line}\n" for line in experiment.splitlines())
    return AGENT_FILE.replace("def experiment(what):\n", f"def experiment(what):\n{lines}").encode()


def plan() -> AgentPlan:
    source = Source(document=SourceDocument.SOP, line_start=1, line_end=1)
    return AgentPlan(
        agent_name="Ada",
        agent_type="text",
        language="en",
        role="answers",
        role_source=source,
        steps=(
            PlanStep(step_id="s001", title="Greet", text="Greet the caller.", section="", kind="action", source=source),
        ),
        guardrails=(),
        retrieval=RetrievalPolicy(when="always", topics=(), source=source),
        handoff=HandoffPolicy(triggers=(), announcement=ANNOUNCEMENT, source=source),
        scenarios=(),
    )


def signed_package(code: bytes | None = None) -> AgentPackage:
    files = (code or agent_file(), b"You are Ada.", plan().model_dump_json().encode())
    return AgentPackage(*files, signature=_signature(files))


def is_signed(package: AgentPackage) -> bool:
    return hmac.compare_digest(package.signature, _signature(package[:3]))


def _signature(files: Sequence[bytes]) -> str:
    return hmac.new(b"test key", b"".join(hashlib.sha256(data).digest() for data in files), "sha256").hexdigest()


def text_events(text: str) -> list[Mapping[str, Any]]:
    words = [word + " " for word in text.split(" ")]
    words[-1] = words[-1].rstrip()
    return [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockStart": {"start": {}}},
        *({"contentBlockDelta": {"delta": {"text": word}}} for word in words),
        {"contentBlockStop": {}},
        {"messageStop": {"stopReason": "end_turn"}},
        {
            "metadata": {
                "usage": {"inputTokens": 10, "outputTokens": len(words), "totalTokens": 10 + len(words)},
                "metrics": {"latencyMs": 1},
            }
        },
    ]


def tool_events(name: str, arguments: str, tool_use_id: str = "t1") -> list[Mapping[str, Any]]:
    return [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockStart": {"start": {"toolUse": {"name": name, "toolUseId": tool_use_id}}}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": arguments}}}},
        {"contentBlockStop": {}},
        {"messageStop": {"stopReason": "tool_use"}},
    ]


type Script = Callable[[Messages], Sequence[Mapping[str, Any]]]


class ScriptedModel(Model):
    """Answers with whatever `script` makes of the messages."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def update_config(self, **model_config: Any) -> None:
        """Nothing to configure."""

    def get_config(self) -> dict[str, Any]:
        return {}

    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[StreamEvent]:
        for event in self._script(messages):
            yield event  # type: ignore[misc]  # a script may hold any event

    def structured_output(self, *args: Any, **kwargs: Any) -> AsyncGenerator[dict[str, Any], None]:
        raise AssertionError("not scripted")


def last_block(messages: Messages) -> Mapping[str, Any]:
    return messages[-1]["content"][-1]


def prompt_script(messages: Messages) -> Sequence[Mapping[str, Any]]:
    """Does what the prompt says: `search WORDS`, `handoff`, `step`, `experiment NAME`, or echoes it."""
    block = last_block(messages)
    if "toolResult" in block:
        result = block["toolResult"]
        content = result["content"][0].get("json", {})
        if content.get("passages"):
            return text_events(content["passages"][0]["text"])
        return text_events(f"tool {result['status']}")
    prompt: str = block["text"]
    word, _, rest = prompt.partition(" ")
    match word:
        case "search":
            return tool_events("search_knowledge_base", f'{{"query": "{rest}"}}')
        case "handoff":
            return tool_events("hand_off_to_human", '{"reason": "asked", "summary": "wants a person"}')
        case "step":
            return tool_events("greet_the_caller", "{}")
        case "experiment":
            return tool_events("run_experiment", f'{{"what": "{rest}"}}')
        case "count":
            return text_events(f"{len(messages)} messages")
    return text_events(f"you said {prompt}")


class MemoryKnowledge(KnowledgeBases):
    """Passages by knowledge base; anything else about a knowledge base is beyond it."""

    def __init__(self, passages: Mapping[str, Sequence[Passage]]) -> None:
        self._passages = passages
        self.asked: list[tuple[str, str, int]] = []

    @property
    def kind(self) -> str:
        return "LOCAL"

    def retrieve(self, engine_id: str, query: str, *, version: int, limit: int = 6) -> list[Passage]:
        self.asked.append((engine_id, query, version))
        return [passage for passage in self._passages[engine_id] if query.lower() in passage.text.lower()][:limit]

    def ensure_knowledge_base(self, name: str, *, tags: Mapping[str, str], token: str) -> EngineRef:
        raise AssertionError("out of scope")

    def knowledge_base(self, engine_id: str) -> EngineRef:
        raise AssertionError("out of scope")

    def ensure_data_source(self, engine_id: str, prefix: str, *, token: str) -> EngineRef:
        raise AssertionError("out of scope")

    def data_source(self, engine_id: str, data_source_id: str) -> EngineRef:
        raise AssertionError("out of scope")

    def inspect(self, ref: VersionRef, path: str, sha256: str, media_type: str) -> DocumentProblem | None:
        raise AssertionError("out of scope")

    def start_ingestion(self, engine_id: str, data_source_id: str, *, ref: VersionRef, token: str) -> str:
        raise AssertionError("out of scope")

    def ingestion_job(self, engine_id: str, data_source_id: str, job_id: str) -> IngestionJob:
        raise AssertionError("out of scope")

    def stop_ingestion(self, engine_id: str, data_source_id: str, job_id: str) -> None:
        raise AssertionError("out of scope")

    def delete_data_source(self, engine_id: str, data_source_id: str) -> None:
        raise AssertionError("out of scope")

    def delete_knowledge_base(self, engine_id: str) -> None:
        raise AssertionError("out of scope")


def passage(passage_id: str, path: str, text: str) -> Passage:
    return Passage(passage_id=passage_id, path=path, text=text, excerpt=text, score=0.9)
