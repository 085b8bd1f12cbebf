"""What every command of `python -m bot` takes: where the configuration is."""

from __future__ import annotations

from contextvars import ContextVar
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from bot import config as configuration
from bot.config import Config
from bot.errors import OperatorError

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="The configuration file; config.toml when it is there.")
]


_before: ContextVar[Path | None] = ContextVar("config before the command", default=None)


def _say_version(wanted: bool) -> None:
    if wanted:
        try:
            version = metadata.version("eyeballs")
        except metadata.PackageNotFoundError:
            version = "not installed, running from its folder"
        typer.echo(f"Eyeballs {version}")
        raise typer.Exit


def root(
    config_file: ConfigOption = None,
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """Eyeballs: who looked, and who clicked."""
    _before.set(config_file)


def load(path: Path | None) -> Config:
    """The configuration of the command that runs; `--config` stands before the command or behind it.

    The environment has it no longer then: what runs for hours has children.
    """
    before = _before.get()
    if before is not None and path is not None and before != path:
        raise OperatorError(f"--config is given twice, as {before} and as {path}; leave one out.")
    config = configuration.load(path or before)
    configuration.clear_environment()
    return config
