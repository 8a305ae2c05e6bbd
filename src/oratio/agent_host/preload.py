"""Imports what every agent needs, once, in the warm parent, and leaves out the AWS SDK.

Strands and bedrock-agentcore import boto3 although nothing here uses it: 9 MB of resident memory and 0.3 s
(measured with strands-agents 1.62, bedrock-agentcore 1.25). An agent is to hold no client anyway, so those packages
are empty shells in agent processes: their names exist, nothing in them works.
"""

import gc
import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

ABSENT = frozenset({"boto3", "botocore", "s3transfer"})

# What generated code may import (the review's allow-list) and what the server and Strands import late.
WARM = (
    "anyio._backends._asyncio", "bisect", "calendar", "collections", "dataclasses", "datetime", "decimal", "difflib",
    "encodings.idna", "enum", "fractions", "functools", "h11", "heapq", "itertools", "json", "math", "operator",
    "random", "re", "statistics", "string", "strands", "strands.tools.decorator", "textwrap", "typing", "unicodedata",
    "uuid", "uvicorn.lifespan.on", "uvicorn.loops.asyncio", "uvicorn.protocols.http.h11_impl", "zoneinfo",
    "oratio.agent_host.probes.attempts", "oratio.agent_host.runner", "oratio.agent_host.sandbox.landlock",
    "oratio.agent_host.sandbox.privileges", "oratio.agent_host.sandbox.seccomp", "oratio.agentkit.app",
    "oratio.agentkit.platform.gateway", "oratio.agentkit.platform.gateway_model",
)  # fmt: skip


class _Shell(ModuleType):
    """A module whose every name is an exception class that nothing raises."""

    def __getattr__(self, name: str) -> type[Exception]:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {})


class _Absent(MetaPathFinder, Loader):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in ABSENT else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Shell(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def warm_up() -> None:
    """Import everything and put it out of the garbage collector's reach, so that forks keep sharing its pages."""
    sys.meta_path.insert(0, _Absent())
    gc.disable()
    for name in WARM:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
