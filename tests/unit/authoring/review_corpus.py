"""Files the review is tried on: hostile or broken ones by name, and ordinary agents."""

# ruff: noqa: E501 - one sample a line, hidden characters on purpose

FRAME = '''"""An agent."""

from typing import Any

from oratio.agentkit import AgentContext
from strands import Agent, tool
{imports}

{module}


def build_agent(ctx: AgentContext) -> Agent:
    """Build it."""

    @tool
    def search_knowledge_base(query: str) -> dict[str, Any]:
        """Search."""
{body}
        return ctx.search(query)

    @tool
    def hand_off_to_human(reason: str, summary: str) -> dict[str, Any]:
        """Hand over."""
        return ctx.hand_off(reason, summary)

{tools}
    return Agent(
        model=ctx.model,
        system_prompt=ctx.prompt,
        tools=[search_knowledge_base, hand_off_to_human{names}],
        callback_handler=None,
    )
'''


def agent(*, imports: str = "", module: str = "", body: str = "", tools: str = "", names: str = "") -> str:
    """The frame of an agent with something put in; `body` and `tools` are indented for their place."""
    body = "\n".join(f"        {line}" for line in body.split("\n")) if body else ""
    tools = "\n".join(f"    {line}" if line else "" for line in tools.split("\n")) + "\n" if tools else ""
    return FRAME.format(imports=imports, module=module, body=body, tools=tools, names=names)


GOOD = agent()

_BODIES = {
    "eval": 'eval("1")',
    "exec": 'exec("1")',
    "compile": 'compile("1", "f", "exec")',
    "open": 'query = open("/etc/passwd").read()',
    "dunder_import": 'query = __import__("os").popen("id").read()',
    "subclasses": "found = ().__class__.__bases__[0].__subclasses__()\nquery = str(found)",
    "globals": 'query = str(globals()["__builtins__"])',
    "getattr_built_name": 'query = str(getattr(query, "__cl" + "ass__"))',
    "vars": "query = str(vars())",
    "type_call": 'made = type("X", (), {})\nquery = str(made)',
    "format_walk": 'query = "{0.__class__}".format(query)',
    "format_index": 'query = "{0[0]}".format(query)',
    "format_nested": 'query = "{0:{1}}".format(query, query)',
    "format_of_variable": "query = query.format(ctx)",
    "format_map": 'query = "{x}".format_map({"x": query})',
    "format_alias": "filler = str.format\nquery = filler(query, ctx)",
    "generator_frame": "found = (x for x in query)\nquery = str(found.gi_frame)",
    "coroutine_frame": "query = str(query.cr_frame)",
    "traceback_frame": "try:\n    query = query[99]\nexcept IndexError as error:\n    query = str(error.__traceback__)",
    "exception_object": "try:\n    query = query[99]\nexcept IndexError as error:\n    query = str(error.obj)",
    "print_file": 'print(query, file=open("x", "w"))',
    "private_of_ctx": "query = str(ctx._connections)",
    "more_of_ctx": "query = str(ctx.turn)",
    "ctx_assigned": "ctx.prompt = query",
    "attribute_assigned": "search_knowledge_base.name = query",
    "match_class": "match query:\n    case str(__class__=found):\n        query = str(found)",
    "walrus_builtin": "query = str((open := 1))",
    "breakpoint": "breakpoint()",
    "input": "query = input()",
    "setattr": 'setattr(ctx, "prompt", query)',
    "delattr": 'delattr(ctx, "prompt")',
    "super": "query = str(super())",
    "object": "query = str(object())",
    "power_bomb": "query = str(9**9**9)",
    "shift_bomb": "query = str(1 << 100000000)",
    "repeat_bomb": 'query = "a" * 1000000000',
    "list_bomb": "query = str([0] * 1000000000)",
    "inner_import": "import os\nquery = os.getcwd()",
    "inner_from_import": "from os import getcwd\nquery = getcwd()",
    "inner_class": "class Evil:\n    def __del__(self):\n        pass\nquery = str(Evil())",
    "global_statement": "global tool\ntool = None",
    "with_statement": "with ctx.model as m:\n    query = str(m)",
    "yield_value": "yield query",
    "agent_loads_file": 'Agent(model=ctx.model, system_prompt="", tools=["/tmp/x.py"])',
    "agent_alias": 'maker = Agent\nmaker(tools=["/tmp/x.py"])',
    "agent_positional": "Agent(ctx.model)",
    "agent_kwargs": 'Agent(**{"load_tools_from_directory": True})',
    "agent_other_model": 'Agent(model="bedrock", system_prompt="", tools=[])',
    "lambda_default": 'f = lambda x=open("x"): x\nquery = str(f())',
    "default_runs": 'def f(x=print("x")):\n    return x\nquery = f()',
    "dunder_argument": "query = str(dict(__class__=1))",
    "undefined_name": "query = undefined_thing",
    "delete": "del query",
    "mro": "query = str(str.mro())",
    "registry": "query = str(search_knowledge_base.tool_spec)",
    "nfkc_name": "query = ｅval('1')",
    "identifier_umlaut": "größe = 1\nquery = str(größe)",
    "memoryview": "query = str(memoryview(b'x'))",
    "id_hash": "query = str(id(query)) + str(hash(query))",
    "help": "help()",
}
_BODIES |= {
    "builtin_bound_elsewhere": 'def f() -> int:\n    open = 1\n    return open\nquery = open("x").read() + str(f())',
    "annotation_by_variable": 'kind = Any["print(1)"]\ndef f(x: kind) -> int:\n    return x\nquery = str(f(1))',
    "import_rebound": 'Any = "print(1)"\ndef f(x: Any) -> int:\n    return x\nquery = str(f(1))',
    "format_method_kept": 'fill = "{0.__class__}".format\nquery = fill(ctx)',
    "argument_shadows_type": "def f(str: int) -> int:\n    return str\nquery = repr(f(1))",
}
_IMPORTS = {
    "import_os": "import os",
    "import_sys": "import sys",
    "import_subprocess": "import subprocess",
    "import_socket": "import socket",
    "import_builtins": "import builtins",
    "import_ctypes": "import ctypes",
    "import_importlib": "import importlib",
    "import_operator": "import operator",
    "import_inspect": "import inspect",
    "import_pickle": "import pickle",
    "import_string": "import string",
    "import_logging": "import logging",
    "import_threading": "import threading",
    "import_boto3": "import boto3",
    "import_httpx": "import httpx",
    "import_oratio": "from oratio.settings import load",
    "import_strands_models": "from strands.models import BedrockModel",
    "import_star": "from math import *",
    "import_relative": "from . import secrets",
    "import_module_of_module": "from json import codecs",
    "import_private": "from collections import _sys",
    "import_type_hints": "from typing import get_type_hints",
    "import_as_builtin": "from math import floor as open",
    "import_tool_renamed": "from strands import tool as Agent2",
    "import_submodule": "import os.path",
    "import_future": "from __future__ import annotations",
}
_MODULES = {
    "module_call": 'print("loaded")',
    "module_loop": "for x in range(9):\n    pass",
    "module_try": "try:\n    import os\nexcept ImportError:\n    os = None",
    "module_if": 'if __name__ == "__main__":\n    pass',
    "module_class": "class Evil:\n    x = 1",
    "module_comprehension": "X = [y for y in range(9)]",
    "module_annotation_runs": 'X: print("x") = 1',
    "module_string_annotation": "X: \"__import__('os')\" = 1",
    "module_walrus": "X = (y := 1)",
    "module_attribute_target": "Agent.model = 1",
    "decorator_exec": "@exec\ndef f():\n    return 1",
    "decorator_call": "@tool(1)\ndef f():\n    return 1",
    "decorator_lambda": "@(lambda f: f)\ndef f():\n    return 1",
    "annotation_string": "def f(x: \"__import__('os').system('id')\") -> int:\n    return 1",
    "annotation_in_generic": "def f(x: list[\"__import__('os')\"]) -> int:\n    return 1",
    "annotation_call": "def f(x: print('x')) -> int:\n    return 1",
    "type_alias_runs": 'type X = print("x")',
    "type_parameter": "def f[T: (int, str)](x: T) -> T:\n    return x",
    "rebinds_build_agent": "build_agent = None",
    "rebinds_tool": "tool = None",
    "second_build_agent": "def build_agent(ctx):\n    return None",
    "module_constant_power": "X = 9**9",
    "module_fstring": 'X = f"{print(1)}"',
    "module_starred": 'X = [*open("x")]',
    "module_dict_unpack": "X = {**globals()}",
    "module_json_codecs": "import json\nX = json.codecs",
    "module_getattr_hook": "def __getattr__(name):\n    return name",
    "constant_call_file": 'X = frozenset(open("x"))',
}
_WHOLE = {
    "empty": "",
    "nul": GOOD + "\x00",
    "bidi": GOOD + "# \u202e gnihton\n",
    "zero_width": GOOD + "X\u200b = 1\n",
    "bom_inside": GOOD + "# \ufeff\n",
    "cookie": "# -*- coding: utf-7 -*-\n" + GOOD,
    "form_feed": GOOD.replace("    return Agent", "\x0c    return Agent"),
    "too_large": GOOD + "# " + "x" * 70_000,
    "long_line": GOOD + "# " + "x" * 5_000,
    "deep_brackets": GOOD + "X = " + "(" * 200 + "1" + ")" * 200,
    "attribute_chain": GOOD + "X = a" + ".a" * 20_000,
    "unary_chain": GOOD + "X = " + "-" * 20_000 + "1",
    "not_chain": GOOD + "X = " + "not " * 5_000 + "1",
    "plus_chain": GOOD + "X = " + "1+" * 5_000 + "1",
    "deep_indent": GOOD + "\n".join("    " * depth + "if 1:" for depth in range(99)),
    "syntax": GOOD + "def (",
    "tabs_and_spaces": GOOD + "def f():\n\tx = 1\n        return x\n",
    "unclosed_string": GOOD + '"""',
    "surrogate": GOOD + "# \udc80",
    "no_build_agent": GOOD.replace("def build_agent", "def make_agent"),
    "async_build_agent": GOOD.replace("def build_agent", "async def build_agent"),
    "extra_argument": GOOD.replace("(ctx: AgentContext)", "(ctx: AgentContext, other: int = 1)"),
    "no_agent": GOOD.replace("return Agent(", "return dict("),
    "no_handoff": GOOD.replace("ctx.hand_off(reason, summary)", "{}"),
    "no_search": GOOD.replace("ctx.search(query)", "{}"),
    "no_docstring": GOOD.replace('"""Search."""', "pass"),
    "untyped_tool": GOOD.replace("query: str", "query"),
    "untyped_result": GOOD.replace("(query: str) -> dict[str, Any]", "(query: str)"),
    "generator_build": GOOD.replace("    return Agent(", "    yield Agent("),
    "tools_from_call": GOOD.replace("tools=[search_knowledge_base, hand_off_to_human]", "tools=list(ctx.prompt)"),
    "tools_path_by_variable": agent(tools='loaded = "/tmp/evil.py"', names=", loaded"),
    "tool_rebound": agent(tools='hand_off_to_human = "/tmp/evil.py"'),
    "callback_handler": GOOD.replace("callback_handler=None", "callback_handler=search_knowledge_base"),
    "hooks": GOOD.replace("callback_handler=None", "hooks=[search_knowledge_base]"),
    "aws_key": GOOD + 'KEY = "AKIAABCDEFGHIJKLMNOP"\n',
    "oratio_key": GOOD + 'KEY = "orat_live_' + "a1B2" * 14 + '"\n',
    "private_key": GOOD + 'KEY = "-----BEGIN RSA PRIVATE KEY-----"\n',
    "password": GOOD + 'password = "hunter2hunter2"\n',
    "silenced_lint": GOOD.replace("ctx.search(query)", "ctx.search(query + missing)  # noqa: F821"),
    "unused_variable": GOOD.replace(
        "        return ctx.search(query)", "        left = 1\n        return ctx.search(query)"
    ),
    "mutable_default": GOOD.replace("(query: str)", "(query: str, seen: list[str] = [])"),
    "return_outside": "return 1\n" + GOOD,
    "prose": "Sure! Here is your agent:\n\n```python\n" + GOOD + "```\n",
    "binary": "\x7fELF\x02\x01\x01\x00",
    "lone_backslash": GOOD + "\\",
    "unknown_step": GOOD.replace("ctx.search(query)", 'ctx.step("s999")'),
}

HOSTILE: dict[str, str] = {
    **{f"body_{name}": agent(body=body) for name, body in _BODIES.items()},
    **{name: agent(imports=line) for name, line in _IMPORTS.items()},
    **{name: agent(module=module) for name, module in _MODULES.items()},
    **_WHOLE,
}

ONLY_THE_SANDBOX_STOPS: dict[str, str] = {
    "endless_loop": agent(body="while True:\n    query = query + query"),
    "memory": agent(body="found = [query]\nfor _ in range(60):\n    found = found + found\nquery = str(found)"),
    "slow_pattern": agent(imports="import re", body='query = str(re.match("(a+)+$", query))'),
    "recursion": agent(module="def again(x: int) -> int:\n    return again(x + 1)", body="query = str(again(0))"),
    "never_answers": agent(body="while query:\n    query = query or query"),
}
"""Nothing in these is forbidden word for word: time and memory are the sandbox's to bound."""


def _tool(name: str, body: str, arguments: str = "text: str") -> dict[str, str]:
    lines = "\n".join(f"    {line}" if line else "" for line in body.split("\n"))
    code = f'@tool\ndef {name}({arguments}) -> dict[str, Any]:\n    """Do {name}."""\n{lines}'
    return {"tools": code, "names": f", {name}"}


_STEP = 'return ctx.step("s001")'
ORDINARY: dict[str, str] = {
    "bare": GOOD,
    "one_step": agent(**_tool("go", _STEP)),
    "typed_facts": agent(**_tool("go", _STEP, "day: str, count: int = 1, sure: bool | None = None, price: float = 0.0")),
    "asks_in_order": agent(**_tool("go", f"if not text:\n    {_STEP}\n{_STEP}")),
    "constants": agent(module='LIMIT = 3\nNAMES = ("a", "b")\nPRICES: dict[str, float] = {"a": 1.5, "b": -2.0}'),
    "frozen_set": agent(module='WORDS = frozenset({"yes", "no"})', body='query = query if query in WORDS else "no"'),
    "pattern": agent(imports="import re", module='ORDER = re.compile(r"[A-Z]\\d{5}")', body="found = ORDER.search(query)\nquery = found[0] if found else query"),
    "dates": agent(imports="from datetime import date, timedelta", body="today = date.fromisoformat(query)\nquery = (today + timedelta(days=3)).isoformat()"),
    "decimals": agent(imports="from decimal import Decimal", body='query = str(Decimal(query) * Decimal("1.19"))'),
    "helper": agent(module='def cleaned(text: str) -> str:\n    return " ".join(text.split()).lower()', body="query = cleaned(query)"),
    "fstring": agent(body='query = f"{query.strip()!r:>10}"'),
    "format_literal": agent(body='query = "{} and {name}".format(query, name=query)'),
    "percent": agent(body='query = "%s, please" % query'),
    "comprehension": agent(body="words = [word for word in query.split() if len(word) > 2]\nquery = ' '.join(sorted(set(words)))"),
    "generator_expression": agent(body="total = sum(len(word) for word in query.split())\nquery = str(total)"),
    "dict_methods": agent(body='counts: dict[str, int] = {}\nfor word in query.split():\n    counts[word] = counts.get(word, 0) + 1\nquery = max(counts, key=lambda word: counts[word])'),
    "counter": agent(imports="from collections import Counter", body="query = Counter(query.split()).most_common(1)[0][0]"),
    "try_except": agent(body='try:\n    number = int(query)\nexcept ValueError:\n    number = 0\nquery = str(number)'),
    "while_loop": agent(body='while "  " in query:\n    query = query.replace("  ", " ")'),
    "match_values": agent(body='match query:\n    case "a" | "b":\n        query = "first"\n    case _:\n        query = "other"'),
    "literal_type": agent(imports="from typing import Literal", **_tool("go", _STEP, 'size: Literal["s", "m"]')),
    "annotated": agent(imports="from typing import Annotated", **_tool("go", _STEP, 'day: Annotated[str, "as YYYY-MM-DD"]')),
    "type_alias": agent(module="type Answer = dict[str, Any]", **_tool("go", _STEP)),
    "named_tool": agent(tools='@tool(name="go_now", description="Go.")\ndef go(text: str) -> dict[str, Any]:\n    """Go."""\n    return ctx.step("s001")', names=", go"),
    "async_tool": agent(tools='@tool\nasync def go(text: str) -> dict[str, Any]:\n    """Go."""\n    return ctx.step("s001")', names=", go"),
    "json": agent(imports="import json", body='query = json.dumps({"asked": query}, ensure_ascii=False)'),
    "maths": agent(imports="import math", body="query = str(math.ceil(len(query) / 2) ** 2)"),
    "umlauts_in_words": agent(module='GREETING = "Grüß Gott, schön dass Sie anrufen 🙂"'),
    "named_agent": GOOD.replace("callback_handler=None", 'callback_handler=None,\n        name="Robin",\n        description="Helps."'),
    "two_results": agent(**_tool("go", 'if len(text) > 80:\n    return {"status": "error", "content": [{"text": "too long"}]}\n' + _STEP)),
    "slices": agent(body="query = query[:200].removesuffix('?').partition(':')[2] or query"),
    "unpacking": agent(body="first, *rest = query.split() or ['']\nquery = ' '.join([first, *rest])"),
}  # fmt: skip
