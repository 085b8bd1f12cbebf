"""Holds what the bot sent against Discord's own API description, where that lies beside the checkout."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import simcord
from jsonschema import Draft202012Validator, validators

SHARED = Path(__file__).parent.parent.parent / "shared"
_OWN = re.compile(r"\d{15,}")
"""What one server, message or interaction has of its own in an address."""


def check_requests(env: simcord.Env) -> None:
    """Fails with a line for each request that is not as Discord describes it."""
    if not SHARED.exists():
        return
    problems = [problem for problem in _description().check_all(env.http_requests) if problem.level != "warn"]
    assert not problems, "\n".join(map(str, problems))


@cache
def _description() -> Any:
    """The description, which looks at equal requests once: every test registers all commands."""
    path = SHARED / "tools" / "openapi_check.py"
    found = importlib.util.spec_from_file_location("openapi_check", path)
    assert found is not None
    assert found.loader is not None
    module: Any = importlib.util.module_from_spec(found)
    sys.modules["openapi_check"] = module
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        found.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    module.Draft202012Validator = validators.extend(Draft202012Validator, {"anyOf": _any_of})
    spec = module.Spec.load(SHARED / "discord-openapi.json")
    validator, check, known = spec._validator, spec.check, dict[str, list[Any]]()
    # Strictly it finds keys that are in no description: warnings, which nobody reads here.
    nothing = SimpleNamespace(iter_errors=lambda body: ())
    spec._validator = lambda pointer, strict: nothing if strict else validator(pointer, strict)

    def once(method: str, path: str, body: Any = None, params: Any = None, index: int = -1) -> list[Any]:
        key = json.dumps([method, _OWN.sub("#", path), body, params], sort_keys=True, default=str)
        if key not in known:
            known[key] = check(method, path, body, params, index)
        return known[key]

    spec.check = once
    return spec


def _any_of(validator: Any, branches: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """Errors where no branch fits; the usual way finds all errors of all branches before it sees that one fits."""
    if not any(validator.evolve(schema=branch).is_valid(instance) for branch in branches):
        yield from Draft202012Validator.VALIDATORS["anyOf"](validator, branches, instance, schema)
