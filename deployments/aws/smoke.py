"""Asks a live account what no test here could: does it work, how long does it take, and what do we not know.

    python deployments/aws/smoke.py --api https://oratio.example.com --token T

In order: the doctor's checks, an agent from two small files, a question its documents answer and one they do not, a
second version, its deletion, and what is left over. Each with its time. Ctrl-C, or a failure, takes the agent down too.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from oratio.adapters.aws.session import AwsSession
from oratio.cli.aws.checks import aws_checks
from oratio.client import Brief, Client
from oratio.errors import AgentFailed, NotFound, OratioError
from oratio.settings import load

CREATION_S = 1_200.0
DELETION_S = 900.0
SOP = """# Router support

1. Greet the caller.
2. Ask which router they have, then look the question up in the manual.
3. If the caller asks for a person, hand over.
"""
MANUAL = "# Router X9\n\nThe lamp of the Router X9 blinks red when its fuse is broken. Press reset for ten seconds.\n"
PRICES = "plan,price\nBasic,9 euros\nPlus,19 euros\n"
OPEN = (
    "does the managed connector honour the trailing slash of a prefix (two tenants, ids `u/1` and `u/10`)?",
    "what do ingestion's failureReasons say (see the version's problems after a broken PDF)?",
    "how many Nova 2 Sonic connections may be open at once (Service Quotas, Bedrock)?",
    "is InvokeModelWithBidirectionalStream checked as its own action (drop it from VoiceRole and call)?",
    "which newer Sonic models and voices are there (`aws bedrock list-foundation-models`)?",
    "the account's quota of roles (the doctor's line above says it)",
    "how long a role that was just made is not believed (the worker's log counts the tries)",
)


class Smoke:
    """One pass; `say` gets a line for each thing done, with its seconds."""

    def __init__(self, client: Client, *, say: Callable[[str], None] = print, poll_s: float = 2.0) -> None:
        self._client = client
        self._say = say
        self._poll_s = poll_s
        self._agent_id: str | None = None

    def run(self) -> None:
        """Play the whole story; everything it made is deleted when this returns or raises.

        Raises:
            OratioError: Something does not work; the line before says which.
        """
        try:
            with self._timed("create an agent"):
                self._agent_id = agent_id = self._create()
                self._await_active(agent_id, version=1)
            with self._timed("ask what the documents answer"):
                self._ask(agent_id, "When does the lamp of the Router X9 blink red?", answered=True)
            with self._timed("ask what they do not"):
                self._ask(agent_id, "Who wrote Moby-Dick?", answered=False)
            with self._timed("build and activate version 2"):
                brief = Brief(knowledge_base_description="Routers and their lamps.")
                self._client.create_version(agent_id, brief, activate=True)
                self._await_active(agent_id, version=2)
            with self._timed("roll back to version 1"):
                self._client.activate(agent_id, 1)
        finally:
            self._clean_up()

    def _create(self) -> str:
        brief = Brief(
            agent_name="Smoke test",
            agent_type="text",
            sop=SOP,
            knowledge_base_description="Questions about routers.",
            human_handoff_description="When the caller asks for a person.",
        )
        files = [("manual.md", MANUAL.encode()), ("prices.csv", PRICES.encode())]
        return self._client.create_agent(brief, files).agent_id

    def _await_active(self, agent_id: str, *, version: int) -> None:
        """Wait, and say how long each step took."""
        deadline = time.monotonic() + CREATION_S
        while time.monotonic() < deadline:
            agent = self._client.agent(agent_id)
            if agent.error is not None:
                raise AgentFailed(f"{agent.error.step} failed ({agent.error.code}): {agent.error.message}")
            if agent.current_version == version:
                for entry in agent.progress:
                    if entry.started_at and entry.ended_at:
                        self._say(f"      {entry.step:<26}{(entry.ended_at - entry.started_at) / 1000:8.1f} s")
                return
            time.sleep(self._poll_s)
        raise AgentFailed(f"version {version} was not active within {CREATION_S:.0f} s")

    def _ask(self, agent_id: str, prompt: str, *, answered: bool) -> None:
        answer = self._client.ask(agent_id, prompt)
        if answer.answered is not answered:
            raise AgentFailed(f"answered is {answer.answered}, not {answered}", hint="see the agent's conversations")
        self._say(f"      latency {answer.latency_ms} ms, {answer.usage.input_tokens} tokens in")

    def _clean_up(self) -> None:
        if self._agent_id is None:
            return
        with self._timed("delete the agent"):
            self._client.delete(self._agent_id)
            deadline = time.monotonic() + DELETION_S
            while time.monotonic() < deadline:
                try:
                    self._client.agent(self._agent_id)
                except NotFound:
                    return
                time.sleep(self._poll_s)
            raise AgentFailed(
                f"agent {self._agent_id} was not deleted within {DELETION_S:.0f} s", hint="delete it again"
            )

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        started = time.monotonic()
        self._say(f"  {what} ...")
        try:
            yield
        except BaseException as error:
            self._say(f"fault {what}: {error if isinstance(error, OratioError) else type(error).__name__}")
            raise
        self._say(f"ok    {what:<32}{time.monotonic() - started:8.1f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description="Try a deployed Oratio on AWS, and clean up.")
    parser.add_argument("--api", required=True, help="address of the API")
    parser.add_argument("--token", required=True, help="operator token")
    parser.add_argument("--no-account", action="store_true", help="leave out the checks that need AWS credentials")
    given = parser.parse_args()
    try:
        if not given.no_account:
            settings = load(platform="aws")
            checks = aws_checks(AwsSession(settings.aws.aws_region), settings)
            for check in checks:
                fix = "" if check.ok else f": {check.fix}"
                print(f"{'ok   ' if check.ok else 'fault'} {check.name}: {check.detail}{fix}")
            if not all(check.ok for check in checks):
                return 1
        with Client(given.api, given.token) as client:
            Smoke(client).run()
    except OratioError as error:
        print(f"oratio: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped, and cleaned up", file=sys.stderr)
        return 130
    print("\nStill open, to be answered by looking:")
    for question in OPEN:
        print(f"  - {question}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
