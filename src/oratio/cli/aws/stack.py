"""CloudFormation stack, changed by change sets only, so that changes can be shown before they are made."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from oratio.adapters.aws.session import AwsSession, translated
from oratio.errors import Conflict, StepFailed

_POLL_S = 5.0
_CHANGE_SET = "oratio"
_NOTHING = ("didn't contain changes", "No updates are to be performed")


class Change(NamedTuple):
    """Proposed change of one resource; `replaces` when a new one would take its place."""

    action: str
    name: str
    kind: str
    replaces: bool


class Event(NamedTuple):
    """One event of the stack."""

    name: str
    status: str
    reason: str


class CloudFormationStack:
    """CloudFormation stack of one name, which may not exist yet.

    Args:
        sleep: Waits between two polls.
    """

    def __init__(self, session: AwsSession, name: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.session = session
        self._client = session.client("cloudformation")
        self.name = name
        self._sleep = sleep

    def status(self) -> str | None:
        """Return CloudFormation's status of the stack; None when there is no stack."""
        found = self._described()
        return str(found["StackStatus"]) if found else None

    def outputs(self) -> dict[str, str]:
        found = self._described() or {}
        return {entry["OutputKey"]: entry["OutputValue"] for entry in found.get("Outputs", ())}

    def known_parameters(self) -> set[str]:
        """Return the parameters of the stack's last deploy."""
        found = self._described() or {}
        return {entry["ParameterKey"] for entry in found.get("Parameters", ())}

    def _described(self) -> dict[str, Any] | None:
        with translated(f"the stack {self.name}"):
            try:
                stacks: list[dict[str, Any]] = self._client.describe_stacks(StackName=self.name)["Stacks"]
            except ClientError as error:
                if "does not exist" in error.response["Error"]["Message"]:
                    return None
                raise
        return stacks[0]

    def propose(
        self,
        template: Mapping[str, str],
        given: Mapping[str, str],
        *,
        parameters: Sequence[str],
        tags: Mapping[str, str],
    ) -> list[Change]:
        """Create the change set and return its changes; empty when the stack matches the template.

        Args:
            template: An argument of CloudFormation's calls: the template itself or its URL.
            given: Values of parameters; the stack's others keep their values.
            parameters: The names the template has.

        Raises:
            Conflict: The stack is being changed, or was never finished.
            StepFailed: CloudFormation refuses the template or a parameter.
        """
        status = self.status()
        fresh = status in (None, "REVIEW_IN_PROGRESS")
        if status == "ROLLBACK_COMPLETE":
            raise Conflict(f"the stack {self.name} was never finished", hint="`oratio aws destroy`, then deploy again")
        if status and status.endswith("_IN_PROGRESS") and not fresh:
            raise Conflict(f"the stack {self.name} is {status}", hint="wait until that ends")
        known = self.known_parameters()
        asked = [
            {"ParameterKey": name, "ParameterValue": given[name]}
            if name in given
            else {"ParameterKey": name, "UsePreviousValue": True}
            for name in parameters
            if name in given or name in known
        ]
        self._discard()
        with translated(f"the stack {self.name}"):
            self._client.create_change_set(
                StackName=self.name,
                ChangeSetName=_CHANGE_SET,
                ChangeSetType="CREATE" if fresh else "UPDATE",
                **template,
                Parameters=asked,
                Capabilities=["CAPABILITY_NAMED_IAM"],
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )
        return self._proposed()

    def _proposed(self) -> list[Change]:
        while True:
            pages = self._change_set_pages()
            status, reason = pages[0]["Status"], pages[0].get("StatusReason", "")
            if status == "FAILED" and any(words in reason for words in _NOTHING):
                self._discard()
                return []
            if status == "FAILED":
                raise StepFailed(f"CloudFormation refuses the change: {reason}", hint="correct it and deploy again")
            if status == "CREATE_COMPLETE":
                return [_change(entry["ResourceChange"]) for page in pages for entry in page["Changes"]]
            self._sleep(_POLL_S)

    def _change_set_pages(self) -> list[dict[str, Any]]:
        pages: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            with translated(f"the change of the stack {self.name}"):
                page = self._client.describe_change_set(StackName=self.name, ChangeSetName=_CHANGE_SET, **token)
            pages.append(page)
            if "NextToken" not in page:
                return pages
            token = {"NextToken": page["NextToken"]}

    def _discard(self) -> None:
        """Remove an earlier proposal; a missing one is not an error."""
        with translated(f"the change of the stack {self.name}"):
            try:
                self._client.delete_change_set(StackName=self.name, ChangeSetName=_CHANGE_SET)
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("ValidationError", "ChangeSetNotFound"):
                    raise

    def discard(self) -> None:
        """Delete the proposal, and a stack that exists only to hold it."""
        self._discard()
        if self.status() == "REVIEW_IN_PROGRESS":
            with translated(f"the stack {self.name}"):
                self._client.delete_stack(StackName=self.name)

    def execute(self) -> Iterator[Event]:
        """Carry out the proposal and yield each event as it happens.

        Raises:
            StepFailed: It failed and was rolled back; the reasons were among the events.
        """
        seen = {event["EventId"] for event in self._events()}
        with translated(f"the stack {self.name}"):
            self._client.execute_change_set(StackName=self.name, ChangeSetName=_CHANGE_SET)
        yield from self._followed(seen, ("CREATE_COMPLETE", "UPDATE_COMPLETE"))

    def delete(self) -> Iterator[Event]:
        """Delete the stack except what its template retains.

        Raises:
            StepFailed: Something could not be deleted.
        """
        seen = {event["EventId"] for event in self._events()}
        with translated(f"the stack {self.name}"):
            self._client.delete_stack(StackName=self.name)
        yield from self._followed(seen, ("DELETE_COMPLETE",))

    def _followed(self, seen: set[str], good: Sequence[str]) -> Iterator[Event]:
        """Yield events as they come, until the stack is at rest."""
        while True:
            status = self.status() or "DELETE_COMPLETE"
            for event in reversed(self._events() if status != "DELETE_COMPLETE" else []):
                if event["EventId"] not in seen:
                    seen.add(event["EventId"])
                    reason = event.get("ResourceStatusReason", "")
                    yield Event(event["LogicalResourceId"], event["ResourceStatus"], reason)
            if status in good:
                return
            if not status.endswith("_IN_PROGRESS"):
                raise StepFailed(f"the stack {self.name} ended {status}", hint="the first FAILED line says why")
            self._sleep(_POLL_S)

    def _events(self) -> list[dict[str, Any]]:
        """Return the newest hundred events, newest first; none of a missing stack."""
        with translated(f"the stack {self.name}"):
            try:
                events: list[dict[str, Any]] = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
            except ClientError as error:
                if "does not exist" in error.response["Error"]["Message"]:
                    return []
                raise
        return events


def _change(entry: Mapping[str, Any]) -> Change:
    replaces = entry.get("Replacement") in ("True", "Conditional")
    return Change(entry["Action"], entry["LogicalResourceId"], entry["ResourceType"], replaces)
