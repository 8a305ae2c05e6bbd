"""What generated code may import, name and reach: allow-lists only."""

import collections
import datetime
import decimal
import enum
import fractions
import functools
import itertools
import json
import math
import random
import re
import statistics
import textwrap
import typing
import unicodedata
from types import MappingProxyType, ModuleType

STDLIB: MappingProxyType[str, ModuleType] = MappingProxyType(
    {
        "collections": collections,
        "datetime": datetime,
        "decimal": decimal,
        "enum": enum,
        "fractions": fractions,
        "functools": functools,
        "itertools": itertools,
        "json": json,
        "math": math,
        "random": random,
        "re": re,
        "statistics": statistics,
        "textwrap": textwrap,
        "typing": typing,
        "unicodedata": unicodedata,
    }
)
FRAMEWORK: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {
        "strands": frozenset({"Agent", "tool"}),
        "oratio.agentkit": frozenset({"AgentContext", "ToolAnswer"}),
        "collections.abc": frozenset({"Iterable", "Iterator", "Mapping", "Sequence", "Callable", "Set"}),
    }
)
REFUSED_MEMBERS: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {
        "typing": frozenset(typing.__all__)
        - {"Any", "Annotated", "Final", "Literal", "NamedTuple", "Never", "Optional", "TypedDict", "Union", "cast"},
        "json": frozenset({"load", "dump", "JSONDecoder", "JSONEncoder", "detect_encoding"}),
        "functools": frozenset({"partialmethod", "singledispatch", "singledispatchmethod", "update_wrapper", "wraps"}),
        "random": frozenset({"SystemRandom"}),
        "enum": frozenset({"EnumType", "EnumMeta", "global_enum", "member", "nonmember", "property"}),
        "collections": frozenset({"UserDict", "UserList", "UserString"}),
        "re": frozenset({"template", "Scanner", "purge"}),
    }
)
_BUILTIN_NAMES = """
abs all any ascii bool bytes chr dict divmod enumerate filter float format frozenset int isinstance len list map
max min next ord range repr reversed round set sorted str sum tuple zip Exception ValueError TypeError KeyError
IndexError LookupError ArithmeticError ZeroDivisionError OverflowError RuntimeError StopIteration TimeoutError
"""
BUILTINS = frozenset(_BUILTIN_NAMES.split())
TYPE_NAMES = frozenset({"str", "int", "float", "bool", "bytes", "list", "dict", "tuple", "set", "frozenset"})
CTX = frozenset({"model", "prompt", "search", "hand_off", "step"})
AGENT_KEYWORDS = frozenset({"model", "system_prompt", "tools", "callback_handler", "name", "description"})
TOOL_KEYWORDS = frozenset({"name", "description"})
CONSTANT_CALLS = frozenset({"frozenset", "tuple", "Decimal", "timedelta", "compile", "date", "time", "Fraction"})
FIXED_NAMES = frozenset({"Agent", "tool", "AgentContext", "build_agent", "ctx"})

_VALUES = (
    str, bytes, int, float, bool, list, dict, set, frozenset, tuple, range, decimal.Decimal, fractions.Fraction,
    datetime.date, datetime.datetime, datetime.time, datetime.timedelta, re.Pattern, re.Match, collections.Counter,
    collections.deque, collections.defaultdict, collections.OrderedDict,
)  # fmt: skip
METHODS = (
    frozenset(name for kind in _VALUES for name in dir(kind) if not name.startswith("_")) | {"value", "name"} | CTX
) - {"format_map", "default_factory", "maketrans"}


def member_problem(module: str, name: str) -> str:
    """Why a member of an allowed standard module may not be used; empty when it may."""
    if name.startswith("_"):
        return "private"
    if name in REFUSED_MEMBERS.get(module, ()):
        return "not among the allowed members"
    owner = STDLIB[module]
    if name not in getattr(owner, "__all__", dir(owner)):
        return "not public"
    return "a module" if isinstance(getattr(owner, name, None), ModuleType) else ""
