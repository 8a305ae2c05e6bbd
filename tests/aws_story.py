"""`make aws-e2e`: an agent's whole life on the fakes' account, told as it goes, with the calls it took."""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from oratio.domain.agents.agent import Agent, AgentStatus
from oratio.domain.conversations.conversation import Channel, Conversation
from tests.fakes.aws.agentcore.orphans import orphans
from tests.flows.aws.services import AwsVoiceServer, voice_server
from tests.flows.aws.stack import AwsStack, aws_stack
from tests.flows.aws.test_creation import WARRANTY, ask, deleted, update

QUESTION = "How long does the warranty of the router last?"
console = Console()


@contextmanager
def chapter(name: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    console.print(f"{name:<48} {time.monotonic() - begun:6.1f} s")


def play(stack: AwsStack, voice: AwsVoiceServer) -> list[str]:
    """Create, ask, call, update, roll back, fail and mend, delete; returns what is left."""
    with chapter("a folder becomes an active voice agent"):
        agent = stack.until_status(stack.submit(agent_type="voice", manual_txt=WARRANTY), AgentStatus.ACTIVE)
    with chapter("asked in writing: the documents answer"):
        _require("twenty four" in ask(stack, agent, QUESTION).answer)
    with chapter("called: Nova Sonic asks it and says the answer"):
        _require("twenty four" in voice.ask(agent, QUESTION))
        call = _kept(stack, agent)
        console.print(f"    kept: {call.turns} turn, {call.outcome}, {call.updated_at - call.started_at} ms")
    with chapter("updated: version 2 is live"):
        newer = update(stack, agent, manual_txt=WARRANTY.replace("twenty four", "thirty six"))
        _require("thirty six" in ask(stack, newer, QUESTION).answer)
    with chapter("called again: version 2 answers"):
        _require("thirty six" in voice.ask(newer, QUESTION))
    with chapter("rolled back: version 1 answers as it did"):
        stack.services.deployment.switch(agent.user_id, agent.agent_id, 1)
        _require("twenty four" in ask(stack, stack.agent(agent), QUESTION).answer)
    with chapter("throttled, refused and cut short, then mended"):
        faults = stack.cloud.world.faults
        for operation in ("CreateKnowledgeBase", "StartIngestionJob", "CreateAgentRuntime"):
            faults.throttle(operation, 1)
        faults.add("role_age", "CreateAgentRuntime", times=1, seconds=1e9)
        faults.add("failed", "StartIngestionJob", times=1, reason="storage away")
        second = stack.until_status(stack.submit(manual_txt=WARRANTY), AgentStatus.FAILED)
        console.print(f"    {second.error.message if second.error else ''}")
        stack.services.agents.retry(second.user_id, second.agent_id)
        second = stack.until_status(second, AgentStatus.ACTIVE)
    with chapter("deleted"):
        deleted(stack, agent)
        deleted(stack, second)
    return orphans(stack.cloud)


def _kept(stack: AwsStack, agent: Agent) -> Conversation:
    """The one call so far, once its record is whole."""

    def found() -> list[Conversation]:
        page = stack.platform.conversations.page(agent.user_id, agent.agent_id, limit=10)
        return [one for one in page.items if one.channel is Channel.VOICE and one.outcome != "open"]

    stack.until(lambda: bool(found()))
    return found()[0]


def _require(held: bool) -> None:
    if not held:
        raise SystemExit("the agent did not answer from its documents")


def main() -> int:
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="oratio-aws-") as folder,
        aws_stack(Path(folder)) as stack,
        voice_server(stack) as voice,
    ):
        left = play(stack, voice)
        log = stack.cloud.world.calls
        table = Table("call", "times", title="calls made", title_justify="left")
        for name, times in sorted(log.counts().items()):
            table.add_row(name, str(times))
        table.add_row("bedrock-runtime InvokeModelWithBidirectionalStream", str(len(voice.nova.novas)))
        console.print(table)
        refused = log.errors()
        console.print(f"refused and tried again, or mended: {sum(refused.values())} {dict(refused) or ''}")
        console.print(f"rate limits passed over: {dict(log.violations) or 'none'}")
        console.print(f"beyond a tenant's own rights: {stack.refused() or 'nothing'}")
        console.print(f"left behind: {left or 'nothing'}")
        wrong = bool(left or log.violations or stack.refused())
    console.print(f"the whole story took {time.monotonic() - begun:.0f} s")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
