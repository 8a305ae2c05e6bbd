"""What one agent version consists of, and how its code is loaded."""

import json
import linecache
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Self

from strands import Agent

from oratio.agentkit.context import AgentContext

MODULE_NAME = "agent_file"
type BuildAgent = Callable[[AgentContext], Agent]


class BadDefinition(Exception):
    """The agent's files cannot be used; the message names the file, never its content."""


@dataclass(frozen=True, slots=True)
class AgentStep:
    """A step of `plan.json` as an agent needs it; lines are 1-based and inclusive."""

    step_id: str
    title: str
    text: str
    line_start: int
    line_end: int


@dataclass(frozen=True, slots=True)
class AgentDefinition:
    """One version of an agent.

    Attributes:
        announcement: What is said to a caller when a human takes over.
        model: Name of the model that answers, for the result of a turn.
    """

    code: bytes
    prompt: str
    steps: Mapping[str, AgentStep]
    announcement: str
    model: str

    @classmethod
    def read(cls, *, code: bytes, prompt: bytes, plan: bytes, model: str) -> Self:
        """The definition in these three files.

        Raises:
            BadDefinition: One of them cannot be read.
        """
        try:
            text = prompt.decode()
        except UnicodeDecodeError:
            raise BadDefinition("prompt.md is not UTF-8") from None
        try:
            value = json.loads(plan)
            steps = {step["stepId"]: _step(step) for step in value["steps"]}
            announcement = str(value["handoff"]["announcement"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BadDefinition("plan.json cannot be read") from None
        return cls(code=code, prompt=text, steps=MappingProxyType(steps), announcement=announcement, model=model)

    @classmethod
    def from_folder(cls, folder: Path, *, model: str) -> Self:
        """The definition in a folder that holds `agent_file.py`, `prompt.md` and `plan.json`."""
        try:
            code, prompt, plan = ((folder / name).read_bytes() for name in ("agent_file.py", "prompt.md", "plan.json"))
        except OSError:
            raise BadDefinition("agent_file.py, prompt.md or plan.json is missing") from None
        return cls.read(code=code, prompt=prompt, plan=plan, model=model)

    def load(self) -> BuildAgent:
        """Run the module and return its `build_agent`.

        Raises:
            BadDefinition: The module does not load or does not define `build_agent`; names the error's type only.
        """
        filename = f"{MODULE_NAME}.py"
        module = ModuleType(MODULE_NAME)
        module.__file__ = filename
        try:
            source = self.code.decode()
            linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
            sys.modules[MODULE_NAME] = module
            exec(compile(self.code, filename, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - its sandbox
        except Exception as error:
            raise BadDefinition(f"agent_file.py does not load ({type(error).__name__})") from error
        build = getattr(module, "build_agent", None)
        if not callable(build):
            raise BadDefinition("agent_file.py does not define build_agent(ctx)")
        return build  # type: ignore[no-any-return]


def _step(value: Mapping[str, Any]) -> AgentStep:
    source = value["source"]
    return AgentStep(
        step_id=str(value["stepId"]),
        title=str(value["title"]),
        text=str(value["text"]),
        line_start=int(source["lineStart"]),
        line_end=int(source["lineEnd"]),
    )
