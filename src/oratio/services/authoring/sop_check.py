"""SOP checks as a service: limits, and the operations that a request's tool sources name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from oratio.authoring.sop_check import check_sop
from oratio.domain.procedures.check import SopCheck
from oratio.errors import FieldProblem, InvalidInput, TooLarge


class SopCheckService:
    """Checks an SOP without making anything."""

    def __init__(self, *, max_chars: int) -> None:
        self._max_chars = max_chars

    def check(self, sop: str, tools: Sequence[Mapping[str, Any]] | None = None) -> SopCheck:
        """Check an SOP.

        Args:
            sop: Its text.
            tools: Tool sources as in the `tools` field of an agent's form; their operations are bound by name.

        Raises:
            InvalidInput: The SOP is empty.
            TooLarge: It has more characters than the limit.
        """
        if not sop.strip():
            raise InvalidInput(
                "the SOP is empty", [FieldProblem(("sop",), "must hold the steps that the agent follows")]
            )
        if len(sop) > self._max_chars:
            msg = f"has {len(sop):,} characters, {self._max_chars:,} are the most: shorten it or split it over agents"
            raise TooLarge("the SOP is too long", [FieldProblem(("sop",), msg)])
        return check_sop(sop, None if tools is None else frozenset(_operations(tools)))


def _operations(tools: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for source in tools:
        for operation in source.get("operations") or ():
            name = operation.get("id") if isinstance(operation, Mapping) else operation
            if isinstance(name, str):
                yield name
