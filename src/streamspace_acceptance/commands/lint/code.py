"""Rules for code: steps contain no logic, only `waiting` waits, and loop variables have nouns for names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from streamspace_acceptance.commands.lint.finding import LintFinding

MOST_LINES = 5
_CLIENTS = {"httpx", "kubernetes", "playwright", "websockets", "requests", "urllib", "subprocess"}
_BRANCHES_AND_LOOPS = {
    ast.If: "a branch", ast.IfExp: "a branch", ast.Match: "a branch", ast.Try: "a branch", ast.BoolOp: "a branch",
    ast.For: "a loop", ast.While: "a loop", ast.AsyncFor: "a loop",
    ast.ListComp: "a loop", ast.SetComp: "a loop", ast.DictComp: "a loop", ast.GeneratorExp: "a loop",
    ast.JoinedStr: "string building",
}  # fmt: skip
_STRING_METHODS = {"format", "join", "replace"}
_DECORATORS = {"given", "when", "then", "step"}
_PAUSES = {"sleep", "wait_for_timeout"}
_NO_NOUNS = {"each", "one", "found", "said", "told"}


def check_steps(folder: Path) -> list[LintFinding]:
    """Every broken rule in the step modules below `folder`."""
    return sorted(finding for path in folder.rglob("*.py") for finding in _check_step_module(path))


def check_pauses(folder: Path, allowed: Path) -> list[LintFinding]:
    """Every place below `folder`, but for the module `allowed`, that lets time pass by itself."""
    modules = (path for path in folder.rglob("*.py") if path != allowed)
    return sorted(finding for path in modules for finding in _check_module_pauses(path))


def check_loop_variables(*folders: Path) -> list[LintFinding]:
    """Every loop or comprehension below the folders whose variable does not tell what it is."""
    modules = (path for folder in folders for path in folder.rglob("*.py"))
    return sorted(finding for path in modules for finding in _check_loop_variables(path))


def _check_step_module(path: Path) -> Iterator[LintFinding]:
    tree = _parse(path)
    for node in ast.walk(tree):
        for module in _imported(node):
            if module.partition(".")[0] in _CLIENTS:
                yield LintFinding(path, _line(node), f"steps import no client: {module}")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _check_function(path, node)


def _check_function(path: Path, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[LintFinding]:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
    if lines > MOST_LINES:
        yield LintFinding(path, function.lineno, f"{function.name} has {lines} lines; a step has {MOST_LINES} at most")
    if isinstance(function, ast.AsyncFunctionDef):
        yield LintFinding(path, function.lineno, f"{function.name} is async; live Playwright excludes that")
    for statement in body:
        for node in ast.walk(statement):
            what = _BRANCHES_AND_LOOPS.get(type(node)) or _built_string(node) or _pause(node)
            if what is not None:
                yield LintFinding(path, _line(node), f"{function.name} holds {what}; that belongs below the step")
            if _reaches_through_the_world(node):
                yield LintFinding(
                    path, _line(node), f"{function.name} reaches through the world; name what it takes there"
                )
    if "then" in _decorators(function) and not _ends_in_expect(body):
        yield LintFinding(path, function.lineno, f"{function.name} is a Then and does not end in an expect.…")


def _check_module_pauses(path: Path) -> Iterator[LintFinding]:
    tree = _parse(path)
    events = any("Event" in (getattr(node, "attr", None), getattr(node, "id", None)) for node in ast.walk(tree))
    for node in ast.walk(tree):
        waits_on_event = events and isinstance(node, ast.Call) and _called(node) == "wait"
        if _pause(node) is not None or waits_on_event:
            yield LintFinding(path, _line(node), "only `waiting` lets time pass: say there what is waited for")


def _check_loop_variables(path: Path) -> Iterator[LintFinding]:
    loops = (node for node in ast.walk(_parse(path)) if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension))
    for name in (node for loop in loops for node in ast.walk(loop.target) if isinstance(node, ast.Name)):
        if name.id in _NO_NOUNS and isinstance(name.ctx, ast.Store):
            yield LintFinding(path, name.lineno, f"name the loop variable {name.id!r} for what it is (pod, session)")


def _decorators(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    calls = (node for node in function.decorator_list if isinstance(node, ast.Call))
    return {_called(call) or "" for call in calls} & _DECORATORS


def _ends_in_expect(body: list[ast.stmt]) -> bool:
    """Whether the last thing is an `expect.…`; only recording what was measured may follow it."""
    owners = [_owner(statement) for statement in body]
    while owners and owners[-1] == "attachments":
        owners.pop()
    return bool(owners) and owners[-1] == "expect"


def _owner(statement: ast.stmt) -> str | None:
    """The name before the first dot of the call that a statement makes."""
    call = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
    owner = call.func if isinstance(call, ast.Call) else None
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    return owner.id if isinstance(owner, ast.Name) else None


def _reaches_through_the_world(node: ast.AST) -> bool:
    """Whether this is the second attribute after `world(context)`: only the first belongs in a step."""
    attributes, inner = 0, node
    while isinstance(inner, ast.Attribute | ast.Subscript):
        attributes += isinstance(inner, ast.Attribute)
        inner = inner.value
    return (
        attributes == 2
        and isinstance(node, ast.Attribute)
        and isinstance(inner, ast.Call)
        and _called(inner) == "world"
    )


def _built_string(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _STRING_METHODS:
        return "string building"
    if isinstance(node, ast.BinOp) and any(_is_text(side) for side in (node.left, node.right)):
        return "string building"
    return None


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _pause(node: ast.AST) -> str | None:
    return "a sleep" if isinstance(node, ast.Call) and _called(node) in _PAUSES else None


def _called(call: ast.Call) -> str | None:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else None


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 1))
