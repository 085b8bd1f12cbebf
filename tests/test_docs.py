"""The documentation cannot lag: every setting and command stands in it, its example loads, its links lead somewhere."""

from __future__ import annotations

import importlib
import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands
from pydantic import BaseModel

from bot.client import COGS
from bot.config import IMPORT_KEY, Config, load

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
EXAMPLE = ROOT / "config.example.toml"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("**/*.md"))]
SECRETS = {"discord.token"}
"""Settings that never stand in the configuration file."""


def settings() -> list[tuple[str, Any]]:
    """(section.key, default) of every setting."""
    found = []
    for section, field in Config.model_fields.items():
        kind = field.annotation
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        found += [(f"{section}.{key}", inner.default) for key, inner in kind.model_fields.items()]
    return found


def environment_name(setting: str) -> str:
    prefix, delimiter = Config.model_config.get("env_prefix"), Config.model_config.get("env_nested_delimiter")
    assert prefix
    assert delimiter
    return prefix + setting.replace(".", delimiter).upper()


SETTINGS = [pytest.param(setting, default, id=setting) for setting, default in settings()]


def keys_in_example() -> dict[str, str]:
    """section.key -> the comment above it, for the keys that are set and those that are commented out."""
    found: dict[str, str] = {}
    section, comment = "", ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            section = header[1]
        elif key := re.match(r"(?:# )?(\w+) = ", line):
            found[f"{section}.{key[1]}"] = comment
        if line.startswith("#"):
            comment += line + "\n"
        else:
            comment = ""
    return found


def shown(default: Any) -> str:
    """A default as the table of settings writes it."""
    if default is None:
        return "none"
    if isinstance(default, Path):
        default = default.as_posix()
    return f"`{json.dumps(default)}`"


@pytest.mark.parametrize(("setting", "default"), SETTINGS)
def test_every_setting_stands_in_the_example(setting: str, default: Any) -> None:
    found = keys_in_example()
    if setting in SECRETS:
        assert setting not in found, f"{setting} must not stand in {EXAMPLE.name}"
        assert environment_name(setting) in EXAMPLE.read_text(encoding="utf-8")
        return
    assert setting in found, f"{setting} is missing in {EXAMPLE.name}"
    assert environment_name(setting) in found[setting], f"{setting}: its comment lacks {environment_name(setting)}"
    written = "none" if default is None else shown(default).strip("`")
    assert f"Default: {written}" in found[setting].replace("\n# ", " "), f"{setting}: its comment lacks its default"


@pytest.mark.parametrize(("setting", "default"), SETTINGS)
def test_every_setting_stands_in_the_readme(setting: str, default: Any) -> None:
    name = environment_name(setting)
    text = README.read_text(encoding="utf-8")
    if setting in SECRETS:
        assert f"`{name}`" in text, f"{name} is missing in {README.name}"
        return
    rows = [line for line in text.splitlines() if line.startswith(f"| `{setting}` |")]
    assert len(rows) == 1, f"{README.name} needs one row for {setting}"
    assert f"| `{name}` | {shown(default)} |" in rows[0]


def test_nothing_is_documented_that_is_no_setting() -> None:
    known = {setting for setting, _ in settings()}
    assert set(keys_in_example()) <= known
    names = set(re.findall(r"EYEBALLS_[A-Z_]+[A-Z]", "".join(page.read_text(encoding="utf-8") for page in PAGES)))
    assert names <= {environment_name(setting) for setting in known} | {IMPORT_KEY}


def test_the_example_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("EYEBALLS_")]:
        monkeypatch.delenv(name)
    config = load(EXAMPLE)
    assert str(config.base_url) == "https://go.example"
    given = {key: value for key, value in tomllib.loads(EXAMPLE.read_text(encoding="utf-8")).items() if value}
    dumped = config.model_dump(mode="json")
    assert {section: {key: dumped[section][key] for key in values} for section, values in given.items()} == given


def cogs() -> Iterator[type[commands.Cog]]:
    for name in COGS:
        module = importlib.import_module(f"cogs.{name}")
        yield from (
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, commands.Cog) and value.__module__ == module.__name__
        )


def slash_commands() -> list[tuple[str, list[str]]]:
    """(full name, its options as people see them) of every command, read off the cog classes: no bot is made."""
    found: list[tuple[str, list[str]]] = []

    def walk(prefix: str, command: app_commands.Command[Any, ..., Any] | app_commands.Group) -> None:
        name = f"{prefix} {command.name}".strip()
        if isinstance(command, app_commands.Group):
            for child in command.commands:
                walk(name, child)
        else:
            found.append((name, [parameter.display_name for parameter in command.parameters]))

    for cog in cogs():
        prefix = cog.__cog_group_name__ if issubclass(cog, commands.GroupCog) else ""
        for command in cog.__cog_app_commands__:
            walk(str(prefix), command)
    return found


COMMANDS = [pytest.param(name, options, id=name) for name, options in slash_commands()]


@pytest.mark.parametrize(("name", "options"), COMMANDS)
def test_every_command_stands_in_the_readme(name: str, options: list[str]) -> None:
    rows = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `/{name}` |")]
    assert len(rows) == 1, f"{README.name} needs one row for /{name}"
    missing = [option for option in options if f"**{option}**" not in rows[0]]
    assert not missing, f"{README.name}: the row of /{name} lacks the options {', '.join(missing)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_is_documented_that_does_not_exist(page: Path) -> None:
    known = {name for name, _ in slash_commands()}
    groups = {name.partition(" ")[0] for name in known if " " in name}
    text = page.read_text(encoding="utf-8")
    for head, tail in re.findall(r"`/([a-z]+)(?: ([a-z]+))?(?=[ `])", text):
        if head in groups:
            assert f"{head} {tail}".strip() in known | groups, f"{page.name}: there is no /{head} {tail}"


def test_relative_links_lead_to_files() -> None:
    broken = []
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)", text):
            path, _, anchor = target.partition("#")
            if "://" in target:
                continue
            file = page.parent / path if path else page
            if not file.exists() or (anchor and anchor not in anchors(file)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_invitation_asks_for_what_the_digest_needs() -> None:
    needed = discord.Permissions(
        view_channel=True, send_messages=True, embed_links=True, attach_files=True, read_message_history=True
    )
    asked = {
        int(number) for page in PAGES for number in re.findall(r"permissions=(\d+)", page.read_text(encoding="utf-8"))
    }
    assert asked == {needed.value}
