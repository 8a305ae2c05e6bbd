"""Stages 2 to 4: imports, names, attributes and what may stand at module level. Everything not allowed is refused."""

import ast
from collections.abc import Iterator

from oratio.authoring.review import allowed
from oratio.authoring.review.findings import Finding
from oratio.authoring.review.scopes import Names, check_bindings, check_reach, names_of

MAX_POWER = 8

_REFUSED_STATEMENTS: tuple[tuple[type[ast.AST], str, str], ...] = (
    (ast.ClassDef, "class", "write functions"),
    (ast.With, "with", "call the tool's own functions"),
    (ast.AsyncWith, "async with", "call the tool's own functions"),
    (ast.AsyncFor, "async for", "use a plain loop"),
    (ast.Global, "global", "pass values as arguments"),
    (ast.Nonlocal, "nonlocal", "pass values as arguments"),
    (ast.Delete, "del", "leave values be"),
    (ast.Yield, "yield", "return a value"),
    (ast.YieldFrom, "yield from", "return a value"),
    (ast.TryStar, "except*", "use except"),
    (ast.MatchClass, "a class pattern", "compare values"),
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def check_tree(code: str, tree: ast.Module) -> Iterator[Finding]:
    """Every node against the allow-lists."""
    names = names_of(tree)
    yield from _module_level(tree)
    yield from check_bindings(tree, names)
    yield from check_reach(code, tree)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _import(node, tree)
        elif isinstance(node, ast.Attribute):
            yield from _attribute(node, names.modules, called=id(node) in called)
        elif isinstance(node, ast.Name) and node.id.startswith("__"):
            yield _at(node, "name", f"the name {node.id} is not allowed", "use plain names")
        elif isinstance(node, ast.Call):
            yield from _call(node, names)
        elif isinstance(node, ast.BinOp):
            yield from _arithmetic(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _function(node, names)
        elif isinstance(node, ast.TypeAlias):
            yield from _annotation(node.value, names)
        elif isinstance(node, ast.AnnAssign):
            yield from _annotation(node.annotation, names)
        for kind, what, hint in _REFUSED_STATEMENTS:
            if isinstance(node, kind):
                yield _at(node, "statement", f"{what} is not allowed here", hint)
    yield from _fixed_uses(tree)


def _at(node: ast.AST, code: str, message: str, hint: str = "") -> Finding:
    return Finding(getattr(node, "lineno", 0), getattr(node, "col_offset", -1) + 1, code, message, hint)


def _import(node: ast.Import | ast.ImportFrom, tree: ast.Module) -> Iterator[Finding]:
    if node not in tree.body:
        yield _at(node, "import", "imports stand at the head of the file only", "move it up")
    hint = f"import only from {', '.join([*allowed.FRAMEWORK, *allowed.STDLIB])}"
    for alias in node.names:
        name = alias.asname or alias.name
        if name.startswith("_") or (alias.asname and name in allowed.BUILTINS | allowed.FIXED_NAMES):
            yield _at(node, "import", f"the name {name} may not be bound", "use another name")
        if isinstance(node, ast.Import):
            if alias.name not in allowed.STDLIB:
                yield _at(node, "import", f"{alias.name} may not be imported", hint)
        elif node.level or node.module is None:
            yield _at(node, "import", "relative imports are not allowed", hint)
        elif node.module in allowed.FRAMEWORK:
            if alias.name not in allowed.FRAMEWORK[node.module] or alias.asname:
                wanted = ", ".join(sorted(allowed.FRAMEWORK[node.module]))
                yield _at(node, "import", f"{alias.name} may not be imported from {node.module}", f"import {wanted}")
        elif node.module not in allowed.STDLIB:
            yield _at(node, "import", f"{node.module} may not be imported", hint)
        elif alias.name == "*" or (problem := allowed.member_problem(node.module, alias.name)):
            why = "a star import" if alias.name == "*" else problem
            yield _at(node, "import", f"{alias.name} of {node.module} may not be imported: {why}", "name what you need")


def _attribute(node: ast.Attribute, modules: dict[str, str], *, called: bool) -> Iterator[Finding]:
    if not isinstance(node.ctx, ast.Load):
        yield _at(node, "attribute", "attributes may not be assigned", "keep values in variables")
    if node.attr.startswith("_"):
        yield _at(node, "attribute", f"the attribute {node.attr} is private", "use public methods")
        return
    if isinstance(node.value, ast.Name) and node.value.id in modules:
        module = modules[node.value.id]
        problem = allowed.member_problem(module, node.attr) if module in allowed.STDLIB else ""
        if problem:
            yield _at(node, "attribute", f"{module}.{node.attr} is {problem}", "use what the list of imports offers")
        return
    if isinstance(node.value, ast.Name) and node.value.id == "ctx":
        if node.attr not in allowed.CTX:
            yield _at(node, "context", f"ctx has no {node.attr} for an agent", f"use {', '.join(sorted(allowed.CTX))}")
        return
    if node.attr == "format" and not (called and isinstance(node.value, ast.Constant)):
        yield _at(node, "format", "format is allowed on a literal only", "use an f-string")
    elif node.attr not in allowed.METHODS and not _is_class_member(node):
        yield _at(node, "attribute", f"the attribute {node.attr} is not allowed", "use methods of plain values")


def _is_class_member(node: ast.Attribute) -> bool:
    """`date.fromisoformat` and the like: a member of a class that was imported by name."""
    classes = ("date", "datetime", "time", "timedelta", "timezone")
    return isinstance(node.value, ast.Name) and node.value.id in classes and node.attr == "utc"


def _call(node: ast.Call, names: Names) -> Iterator[Finding]:
    for keyword in node.keywords:
        if keyword.arg is not None and keyword.arg.startswith("_"):
            yield _at(node, "name", f"the argument {keyword.arg} is private", "use public arguments")
    if isinstance(node.func, ast.Name) and node.func.id == "Agent":
        yield from _agent_call(node, names)
    if (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == "format"
        and isinstance(node.func.value, ast.Constant)
    ):
        text = node.func.value.value
        if not isinstance(text, str) or _reaches(text):
            yield _at(node, "format", "a format field reaches into a value", "use an f-string with plain names")
    if isinstance(node.func, ast.Name) and node.func.id == "format" and len(node.args) > 2:
        yield _at(node, "format", "format takes a value and a specification", "use an f-string")


def _reaches(text: str) -> bool:
    """Whether a format string's field holds an attribute, an index or a nested field."""
    depth = 0
    for char in text:
        depth += (char == "{") - (char == "}")
        if (depth > 0 and char in ".[") or depth > 1:
            return True
    return False


def _agent_call(node: ast.Call, names: Names) -> Iterator[Finding]:
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if node.args or None in given or not set(given) <= allowed.AGENT_KEYWORDS:
        wanted = ", ".join(sorted(allowed.AGENT_KEYWORDS))
        yield _at(node, "agent", "Agent is given something that is not allowed", f"use only the keywords {wanted}")
        return
    for keyword in ("model", "system_prompt", "tools"):
        if keyword not in given:
            yield _at(node, "agent", f"Agent is not given {keyword}", f"pass {keyword}=")
    model = given.get("model")
    if model is not None and ast.unparse(model) != "ctx.model":
        yield _at(node, "agent", "the model is not ctx.model", "pass model=ctx.model")
    tools = given.get("tools")
    own = isinstance(tools, ast.List) and all(isinstance(e, ast.Name) and e.id in names.tools for e in tools.elts)
    if tools is not None and not own:
        yield _at(node, "agent", "tools is not a list of the file's own @tool functions", "list the tools by name")
    handler = given.get("callback_handler")
    if handler is not None and not (isinstance(handler, ast.Constant) and handler.value is None):
        yield _at(node, "agent", "a callback handler is not allowed", "pass callback_handler=None")


def _arithmetic(node: ast.BinOp) -> Iterator[Finding]:
    if isinstance(node.op, ast.LShift):
        yield _at(node, "arithmetic", "shifting left is not allowed", "multiply")
    elif isinstance(node.op, ast.Pow):
        power = node.right
        small = isinstance(power, ast.Constant) and isinstance(power.value, int) and abs(power.value) <= MAX_POWER
        if not small or (isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Pow)):
            yield _at(node, "arithmetic", f"powers above {MAX_POWER} are not allowed", "multiply")
    elif isinstance(node.op, ast.Mult):
        for one, other in ((node.left, node.right), (node.right, node.left)):
            number = other.value if isinstance(other, ast.Constant) else 0
            grows = isinstance(one, ast.Constant | ast.List | ast.Tuple | ast.JoinedStr) and not _is_number(one)
            if grows and isinstance(number, int) and number > 1_000:
                yield _at(node, "arithmetic", "a value is repeated too often", "build less")


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, names: Names) -> Iterator[Finding]:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every.extend(argument for argument in (arguments.vararg, arguments.kwarg) if argument)
    for argument in every:
        if argument.annotation is not None:
            yield from _annotation(argument.annotation, names)
    for default in [*arguments.defaults, *(default for default in arguments.kw_defaults if default)]:
        if not _is_literal(default):
            yield _at(default, "default", "a default is not a plain value", "use a literal or None")
    if isinstance(node, ast.Lambda):
        return
    if node.returns is not None:
        yield from _annotation(node.returns, names)
    if node.type_params:
        yield _at(node, "statement", "type parameters are not allowed", "use plain types")
    for decorator in node.decorator_list:
        called = isinstance(decorator, ast.Call) and not decorator.args
        plain = decorator.func if isinstance(decorator, ast.Call) and called else decorator
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
        literal = all(keyword.arg in allowed.TOOL_KEYWORDS and _is_literal(keyword.value) for keyword in keywords)
        if not (isinstance(plain, ast.Name) and plain.id == "tool" and literal):
            yield _at(decorator, "decorator", "the decorator is not allowed", "use @tool only")


def _annotation(node: ast.AST, names: Names, *, strings: bool = False) -> Iterator[Finding]:
    """Types only: names of types, `|`, and `X[...]`; a string would be run as code when the type is looked up."""
    if isinstance(node, ast.Constant):
        if node.value is not None and not (strings and isinstance(node.value, str | int | bool)):
            yield _at(node, "annotation", "a type is written as a string or value", "name the type itself")
    elif isinstance(node, ast.Name):
        if node.id not in names.types:
            yield _at(
                node, "annotation", f"{node.id} is not a type", "use plain types, imported ones or `type X = ...`"
            )
    elif isinstance(node, ast.Subscript):
        yield from _annotation(node.value, names)
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for index, part in enumerate(parts):
            yield from _annotation(part, names, strings=owner == "Literal" or (owner == "Annotated" and index > 0))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _annotation(node.left, names)
        yield from _annotation(node.right, names)
    elif isinstance(node, ast.List):
        for element in node.elts:
            yield from _annotation(element, names)
    elif not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names.modules):
        yield _at(node, "annotation", "a type is computed", "name the type itself")


def _is_literal(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub | ast.UAdd) and isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return all(map(_is_literal, node.elts))
    if isinstance(node, ast.Dict):
        return all(key is not None and _is_literal(key) for key in node.keys) and all(map(_is_literal, node.values))
    return False


def _is_constant(node: ast.AST) -> bool:
    """A literal, or one of a few harmless calls on literals, such as `frozenset({...})` and `re.compile("...")`."""
    if not isinstance(node, ast.Call):
        return _is_literal(node)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    flags = [value for value in values if not isinstance(value, ast.Attribute)]
    return name in allowed.CONSTANT_CALLS and all(map(_is_literal, flags))


def _module_level(tree: ast.Module) -> Iterator[Finding]:
    for number, node in enumerate(tree.body):
        if isinstance(node, ast.Import | ast.ImportFrom | ast.TypeAlias | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        docstring = number == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        named: list[ast.expr] = []
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _is_constant(node.value):
            named = node.targets if isinstance(node, ast.Assign) else [node.target]
        if docstring or (named and all(isinstance(target, ast.Name) for target in named)):
            continue
        yield _at(
            node, "module_level", "only imports, constants and functions stand at module level", "put it in a tool"
        )


def _fixed_uses(tree: ast.Module) -> Iterator[Finding]:
    """`Agent` and `tool` may be called, decorate or annotate; handing them on would hide what they are given."""
    fine: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Agent":
            fine.add(id(node.func))
        elif isinstance(node, _FUNCTIONS):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            typed = [argument.annotation for argument in arguments if argument.annotation]
            for part in [*node.decorator_list, *typed, *([node.returns] if node.returns else [])]:
                fine.update(id(inner) for inner in ast.walk(part))
    for node in ast.walk(tree):
        fixed = isinstance(node, ast.Name) and node.id in ("Agent", "tool") and isinstance(node.ctx, ast.Load)
        if fixed and id(node) not in fine:
            yield _at(node, "agent", "Agent and tool may not be passed around", "call Agent(...) in build_agent only")
