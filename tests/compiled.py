"""Importing this lets all engines of the process share what is compiled: each test has engines of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage import database

_compiled: dict[Any, Any] = {}


def _create_engine(*args: Any, execution_options: Mapping[str, Any], **options: Any) -> AsyncEngine:
    return create_async_engine(*args, execution_options={**execution_options, "compiled_cache": _compiled}, **options)


database.create_async_engine = _create_engine
# A statement is kept by its dialect, of which each engine has one of its own: they are all the same.
SQLiteDialect_aiosqlite.__eq__ = lambda self, other: type(self) is type(other)
SQLiteDialect_aiosqlite.__hash__ = lambda self: hash(type(self))
