"""The configuration: `config.toml` and the environment, checked as a whole, every problem named with its key."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)
from yarl import URL

from bot.errors import OperatorError

IMPORT_KEY = "EYEBALLS_IMPORT_KEY"
"""The variable with the key of what is imported from; no setting, and known."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _without_nul(cls, value: Any) -> Any:
        if isinstance(value, str) and "\0" in value:
            raise ValueError("must not hold a NUL character")
        return value


class DiscordSection(_Section):
    token: SecretStr | None = None
    token_file: Path | None = None


class WebSection(_Section):
    base_url: str | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    trusted_proxies: tuple[Network, ...] = ()
    security_contact: str | None = None
    hsts_subdomains: bool = False
    metrics_port: Annotated[int | None, Field(ge=0, le=65535)] = None

    @field_validator("security_contact")
    @classmethod
    def _a_way_to_write(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"(?:mailto:[^\s@]+@[^\s@]+|https://\S+|tel:\+[\d-]+)", value):
            raise ValueError("must be an address such as mailto:security@example.com or https://example.com/security")
        return value

    @field_validator("base_url")
    @classmethod
    def _an_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = URL(value)
        if url.scheme not in ("http", "https") or not url.host or str(url).rstrip("/") != str(url.origin()):
            raise ValueError("must be an address such as https://go.example, without a path or anything else")
        return str(url.origin())


class LinksSection(_Section):
    denied_domains: tuple[str, ...] = ()
    allow_private_destinations: bool = False
    per_creator: Annotated[int, Field(ge=1)] = 500
    per_server: Annotated[int, Field(ge=1)] = 5000
    posts_per_creator: Annotated[int, Field(ge=1)] = 5000
    posts_per_server: Annotated[int, Field(ge=1)] = 50_000

    @field_validator("denied_domains")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        domains = tuple(domain.strip().lower().strip(".") for domain in value)
        for domain in domains:
            try:
                plain = URL.build(scheme="https", host=domain).raw_host == domain and "*" not in domain
            except ValueError:
                plain = False
            if not plain:
                raise ValueError(f"{domain!r} must be a plain domain such as bad.example; all below it is denied too")
        return domains


_COMMON_BROWSERS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
    " Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
)


class TrackingSection(_Section):
    repeat_seconds: Annotated[int, Field(ge=0, le=24 * 3600)] = 30
    country_database: Path | None = None
    crawlers: tuple[str, ...] = ()

    @field_validator("crawlers")
    @classmethod
    def _find_no_person(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                pattern = re.compile(text, re.IGNORECASE)
            except re.error as error:
                raise ValueError(f"{text!r} is not a regular expression: {error}") from error
            if any(pattern.search(agent) for agent in ("", *_COMMON_BROWSERS)):
                raise ValueError(f"{text!r} fits ordinary browsers or anything at all, so everybody would be set aside")
        return value

    @property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """The `crawlers`, ready to search user agents for."""
        return tuple(re.compile(text, re.IGNORECASE) for text in self.crawlers)


class AlertsSection(_Section):
    check_destinations: bool = False


class StorageSection(_Section):
    path: Path = Path("data/eyeballs.db")
    backups: Path = Path("data/backups")
    keep_events_days: Annotated[int, Field(ge=3, le=36_500)] = 90


class LogSection(_Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Config(BaseSettings):
    """All settings. Each may also come from the environment: `EYEBALLS_WEB__PORT=8081` is `[web] port`."""

    model_config = SettingsConfigDict(env_prefix="EYEBALLS_", env_nested_delimiter="__", extra="forbid", frozen=True)

    discord: DiscordSection = DiscordSection()
    web: WebSection = WebSection()
    links: LinksSection = LinksSection()
    tracking: TrackingSection = TrackingSection()
    alerts: AlertsSection = AlertsSection()
    storage: StorageSection = StorageSection()
    log: LogSection = LogSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def base_url(self) -> URL:
        """The public origin of tracked addresses, such as https://go.example."""
        if self.web.base_url is None:
            raise OperatorError(
                "web.base_url is missing: the public address of your tracked links, such as https://go.example. "
                "Set it in config.toml under [web], or as EYEBALLS_WEB__BASE_URL."
            )
        return URL(self.web.base_url)

    def token(self) -> str:
        """The bot token, from the environment or a file of mode 0600. Raises OperatorError when there is none."""
        if self.discord.token is not None and (given := self.discord.token.get_secret_value().strip()):
            return given
        path = self.discord.token_file
        if path is None:
            raise OperatorError(
                "The Discord bot token is missing: set EYEBALLS_DISCORD__TOKEN, or discord.token_file in config.toml. "
                "To try Eyeballs without Discord, run: make demo"
            )
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            token = path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise OperatorError(f"discord.token_file: {path} can't be read ({error.strerror}).") from error
        if mode & 0o077:
            raise OperatorError(
                f"discord.token_file: {path} can be read by others (mode {mode:o}). Mend it with: chmod 600 {path}"
            )
        if not token:
            raise OperatorError(f"discord.token_file: {path} is empty; put the bot token in it.")
        return token


_UNKNOWN = "is not a setting; see config.example.toml for the ones there are"
_RENAMED = {
    ("tracking", "repeat_minutes"): "is tracking.repeat_seconds now: only a double press is no click of its own, and "
    "30 seconds, which is the default, tell it from a second visit"
}


def load(path: Path | None = None) -> Config:
    """Read `path` (config.toml when it is there and none is named) and the environment.

    Raises OperatorError that names every problem with its key.
    """
    if path is not None and not path.exists():
        raise OperatorError(f"There is no configuration file {path}. Copy config.example.toml to {path} and edit it.")
    file = path or Path("config.toml")
    problems: list[str] = []
    if file.exists():
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise OperatorError(f"{file} is not valid TOML: {error}.") from error
        discord = content.get("discord")
        if isinstance(discord, dict) and "token" in discord:
            problems.append(
                "discord.token: a token does not belong in config.toml; "
                "use EYEBALLS_DISCORD__TOKEN or discord.token_file"
            )

    known = {
        f"EYEBALLS_{section}__{key}".upper()
        for section, field in Config.model_fields.items()
        for key in field.annotation.model_fields  # type: ignore[union-attr]
    } | {IMPORT_KEY}
    renamed = {f"EYEBALLS_{'__'.join(loc)}".upper(): said for loc, said in _RENAMED.items()}
    problems += [f"{name}: {renamed.get(name, _UNKNOWN)}" for name in environment_names() if name not in known]

    class FileConfig(Config):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        config = FileConfig()
    except ValidationError as error:
        problems += dict.fromkeys(f"{_key(item['loc'])}: {_say(item)}" for item in error.errors())
    except SettingsError as error:
        problems.append(f'{error}: a list in an EYEBALLS_* variable is written as JSON, such as ["127.0.0.1/32"]')
    else:
        if not problems:
            return config
    heading = "The configuration has a problem" if len(problems) == 1 else "The configuration has problems"
    raise OperatorError(f"{heading} ({file} and EYEBALLS_* variables):\n" + "\n".join(f"  - {p}" for p in problems))


def _key(loc: tuple[int | str, ...]) -> str:
    """ "web.trusted_proxies.0": up to where pydantic begins to speak of its own validators."""
    return ".".join(str(part) for part in loc if str(part).replace("_", "").isalnum())


def _say(item: Any) -> str:
    if item["type"] == "extra_forbidden":
        return _RENAMED.get(item["loc"], _UNKNOWN)
    if item["type"].startswith("ip_"):
        return f"must be an address or network such as 127.0.0.1/32 (got {item['input']!r})"
    said = item["msg"].removeprefix("Value error, ").replace("Input should", "must")
    return f"{said} (got {item['input']!r})"


def clear_environment() -> None:
    """Take the EYEBALLS_* variables, a token among them, away from whatever process is started from now on."""
    for name in list(os.environ):
        if name.upper().startswith("EYEBALLS_"):
            del os.environ[name]


def environment_names() -> list[str]:
    """The EYEBALLS_* variables that are set, for `check` to show (names only, never values)."""
    return sorted(name.upper() for name in os.environ if name.upper().startswith("EYEBALLS_"))
