"""The last guard: whatever leaves the house keeps to Discord's limits, and nothing in it is blank.

Messages are built of `Embed`, `Buttons`, `Layout`, `Form` and `picture`, and of nothing of Discord's own in
their places. Each is held to the limits as it is turned into what is sent: a bad row costs that row, never the message.
"""

from __future__ import annotations

import io
import ipaddress
import weakref
from collections.abc import Callable
from typing import Any, ClassVar

import discord
import structlog
from discord import ComponentType
from yarl import URL

from bot.inputs.text import cut, shows
from cogs.ui.format import UNTITLED

EMBED, TITLE, DESCRIPTION, FOOTER, AUTHOR = 6000, 256, 4096, 2048, 256
FIELDS, FIELD_NAME, FIELD_VALUE = 25, 256, 1024
CONTENT, LAYOUT, ALT = 2000, 4000, 1024
OPTIONS, OPTION, LABEL, PLACEHOLDER = 25, 100, 80, 150
FORM_TITLE, FORM_LABEL, FORM_DESCRIPTION, FORM_PLACEHOLDER = 45, 45, 100, 100
FORM_SECONDS = 3600
"""How long a form may stay open before what it knows is forgotten."""

log = structlog.get_logger(__name__)
Part = dict[str, Any]

# ------------------------------------------------------------------ what messages are built of


class Embed(discord.Embed):
    """Discord's embed, held to the limits."""

    def to_dict(self) -> Any:
        return _noted("embed", super().to_dict(), held_embed)


class Buttons(discord.ui.View):
    """Buttons and selects under a message. All their state is in their ids, so they stay for ever."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    def to_components(self) -> list[Part]:
        return _noted("buttons", super().to_components(), held_components)


class Layout(discord.ui.LayoutView):
    """A message of Components V2."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    def to_components(self) -> list[Part]:
        return _noted("layout", super().to_components(), held_components)


class Form(discord.ui.Modal):
    """A form. Each that is opened has an id of its own: discord.py keeps one form for each id in the whole process."""

    _opened: ClassVar[weakref.WeakValueDictionary[str, Form]] = weakref.WeakValueDictionary()

    def __init__(self, title: str) -> None:
        super().__init__(title=title, timeout=FORM_SECONDS)
        self._opened[self.custom_id] = self

    @classmethod
    def is_open(cls, custom_id: str) -> bool:
        """Whether the form is known to this process and waits to be sent off."""
        form = cls._opened.get(custom_id)
        return form is not None and not form.is_finished()

    def to_dict(self) -> Part:
        return _noted("form", super().to_dict(), held_form)


def picture(data: bytes, name: str, alt: str) -> discord.File:
    """A picture with its alt text."""
    return discord.File(io.BytesIO(data), name, description=_text(alt, ALT) or UNTITLED)


def content(text: str) -> str:
    """The text of a message."""
    return _text(text, CONTENT) or UNTITLED


# ------------------------------------------------------------------ what is sent


def held_embed(embed: Part) -> Part:
    """An embed's payload within the limits: no blank parts, no bad addresses; if too long, no last fields."""
    held = dict(embed)
    for key, most in (("title", TITLE), ("description", DESCRIPTION)):
        _put(held, key, _text(held.get(key), most))
    for key, inside, most in (("footer", "text", FOOTER), ("author", "name", AUTHOR)):
        if key in held:
            text = _text(held[key].get(inside), most)
            _put(held, key, {**held[key], inside: text} if text else None)
    fields = []
    for field in held.get("fields", []):
        if value := _text(field.get("value"), FIELD_VALUE):
            fields.append({**field, "name": _text(field.get("name"), FIELD_NAME) or UNTITLED, "value": value})
    _put(held, "fields", fields[:FIELDS])
    if "url" in held and not is_linkable(held["url"]):
        del held["url"]
    for key in ("image", "thumbnail"):
        if key in held and not is_linkable(held[key].get("url", ""), "attachment"):
            del held[key]
    while embed_length(held) > EMBED and held.get("fields"):
        _put(held, "fields", held["fields"][:-1])
    if (over := embed_length(held) - EMBED) > 0:
        _put(held, "description", _text(held.get("description"), max(len(held.get("description", "")) - over, 1)))
    if not any(key in held for key in ("title", "description", "fields", "image", "footer", "author")):
        held["description"] = UNTITLED
    return held


def embed_length(embed: Part) -> int:
    """Characters of an embed in all, as Discord adds them up."""
    parts = [embed.get("title"), embed.get("description"), embed.get("footer", {}).get("text")]
    parts += [embed.get("author", {}).get("name")]
    parts += [field[key] for field in embed.get("fields", []) for key in ("name", "value")]
    return sum(len(part) for part in parts if part)


def held_components(components: list[Part]) -> list[Part]:
    """The components' payload within the limits; what would be left blank is left out."""
    room = [LAYOUT]
    return [held for part in components if (held := _held(part, room)) is not None]


def held_form(form: Part) -> Part:
    """A form's payload within the limits."""
    return form | {
        "title": _text(form["title"], FORM_TITLE) or UNTITLED,
        "components": held_components(form["components"]),
    }


def _held(part: Part, room: list[int]) -> Part | None:
    """One component and those inside of it; None for one that can't stand. `room` is what is left of all texts."""
    held = dict(part)
    if not _is_value(held.get("custom_id", "-")):
        return None  # cut, it would be another one's
    match held["type"]:
        case ComponentType.action_row.value | ComponentType.container.value:
            held["components"] = [one for inside in held["components"] if (one := _held(inside, room)) is not None]
            return held if held["components"] else None
        case ComponentType.section.value:
            held["components"] = [one for inside in held["components"] if (one := _held(inside, room)) is not None]
            held["accessory"] = _held(held["accessory"], room)
            if not held["components"]:
                return None
            return held if held["accessory"] is not None else held["components"][0]
        case ComponentType.text_display.value:
            held["content"] = _text(held["content"], room[0])
            room[0] -= len(held["content"])
            return held if held["content"] else None
        case ComponentType.media_gallery.value:
            held["items"] = [_described(item) for item in held["items"]]
        case ComponentType.thumbnail.value:
            held = _described(held)
        case ComponentType.button.value:
            return _button(held)
        case ComponentType.string_select.value:
            return _select(held)
        case ComponentType.label.value:
            held["label"] = _text(held.get("label"), FORM_LABEL) or UNTITLED
            _put(held, "description", _text(held.get("description"), FORM_DESCRIPTION))
            held["component"] = _held(held["component"], room)
            return held if held["component"] is not None else None
        case ComponentType.text_input.value:
            _put(held, "value", _text(held.get("value"), held.get("max_length") or LAYOUT))
            _put(held, "placeholder", _text(held.get("placeholder"), FORM_PLACEHOLDER))
        case _:
            _put(held, "placeholder", _text(held.get("placeholder"), PLACEHOLDER))
    return held


def _described(part: Part) -> Part:
    held = dict(part)
    _put(held, "description", _text(held.get("description"), ALT))
    return held


def _button(held: Part) -> Part | None:
    label = _text(held.get("label"), LABEL)
    _put(held, "label", label or (None if held.get("emoji") else UNTITLED))
    return None if "url" in held and not is_linkable(held["url"]) else held


def _select(held: Part) -> Part | None:
    _put(held, "placeholder", _text(held.get("placeholder"), PLACEHOLDER))
    options: dict[str, Part] = {}
    for option in held.get("options", []):
        if _is_value(option["value"]) and option["value"] not in options:
            one = option | {"label": _text(option.get("label"), OPTION) or UNTITLED}
            _put(one, "description", _text(option.get("description"), OPTION))
            options[option["value"]] = one
    held["options"] = list(options.values())[:OPTIONS]
    held["max_values"] = min(held.get("max_values") or 1, len(held["options"]))
    chosen = 0
    for option in held["options"]:
        chosen += bool(option.get("default"))
        if chosen > held["max_values"]:
            option["default"] = False
    return held if held["options"] else None


def _text(text: str | None, most: int) -> str:
    """The text as it may be sent: whole characters alone, cut; "" where it shows nothing."""
    if not text or not shows(text):
        return ""
    return cut(text.encode("utf-8", "ignore").decode() if not text.isascii() else text, max(most, 1))


def _is_value(value: str) -> bool:
    return len(value) <= OPTION and shows(value) and value.encode("utf-8", "ignore").decode() == value


def _put(held: Part, key: str, value: Any) -> None:
    """Set what has a value, and take away what has none."""
    if value:
        held[key] = value
    else:
        held.pop(key, None)


def _noted(what: str, payload: Any, hold: Callable[[Any], Any]) -> Any:
    """The payload, held; who runs the bot reads in the log when something had to be mended on its way out."""
    held = hold(payload)
    if held != payload:
        log.warning("held to Discord's limits", what=what)
    return held


def is_linkable(url: str | None, *schemes: str) -> bool:
    """Whether Discord takes the address in an embed or a button: http(s), on a host that has a dot or is an IPv6."""
    try:
        parsed = URL(url or "")
        host = parsed.host or ""
    except ValueError:
        return False
    if parsed.scheme in schemes:
        return True
    if parsed.scheme not in ("http", "https") or len(url or "") > 512:
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host.strip(".")
    return True
