"""What is delivered as a Discord message in each form, and how a message that stands already is known again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import discord

from bot.alerts.content import Content as AlertContent
from bot.digests.content import Content as DigestContent
from bot.services import Services
from bot.texts import use_locale
from cogs.delivery.channels import Form
from cogs.ui import alerts, digest, notices
from cogs.ui.people import Names, escaped
from storage.records import Notice

Content = DigestContent | AlertContent | Notice


async def compose(
    services: Services, names: Names, content: Content, guild: discord.Guild, form: Form
) -> dict[str, Any]:
    """The keywords with which the message is sent, in the server's language."""
    use_locale(str(guild.preferred_locale))
    base = str(services.links.base_url).rstrip("/")
    match content:
        case DigestContent():
            called = escaped(await names.of(guild, digest.creators_named(content)))
            return await digest.message(services.charts, content, guild.name, called, form)
        case AlertContent():
            called = escaped(await names.of(guild, alerts.creators_named(content.alerts, content.target)))
            return await alerts.message(services.charts, content, base, guild.name, called, form)
        case Notice():
            called = escaped(await names.of(guild, notices.creators_named(content)))
            return notices.message(content, base, guild.name, called, form)


def stands_in(message: discord.Message, content: Content) -> bool:
    """Whether it is the message of this content and of no other."""
    match content:
        case DigestContent():
            return digest.marker(content) in custom_ids(message.components)
        case AlertContent():
            return alerts.marker(content) in custom_ids(message.components)
        case Notice():
            return notices.stands_in(message, content)


def custom_ids(components: Iterable[Any]) -> Iterator[str]:
    """The ids of all buttons and selects of a message, however deep they lie."""
    for component in components:
        if isinstance(custom_id := getattr(component, "custom_id", None), str):
            yield custom_id
        yield from custom_ids(getattr(component, "children", ()))
        if (accessory := getattr(component, "accessory", None)) is not None:
            yield from custom_ids([accessory])
