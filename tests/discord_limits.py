"""Discord's documented limits, read strictly: what a request may hold, checked apart from the code that keeps to them.

Sources: discord.com/developers/docs, "Message", "Embed Limits", "Component Reference", "Receiving and Responding".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]")
MESSAGES = re.compile(r"/(channels/\d+/messages(/\d+)?|webhooks/\d+/[^/]+(/messages/[^/]+)?)\Z")


def blank(text: Any) -> bool:
    """Whether nothing of a text is seen."""
    left = INVISIBLE.sub("", str(text))
    return not any(unicodedata.category(c)[0] in "LNPS" or unicodedata.category(c) in ("Cn", "Co") for c in left)


def text(where: str, value: Any, most: int, *, least: int = 1) -> Iterator[str]:
    if value is None and not least:
        return
    if not isinstance(value, str):
        yield f"{where}: {value!r} is no text"
    elif len(value) > most:
        yield f"{where}: {len(value)} characters, {most} at most"
    elif (value or least) and blank(value):
        yield f"{where}: {value!r} shows nothing"
    elif any(0xD800 <= ord(c) < 0xE000 for c in value):
        yield f"{where}: half a character"


def url(where: str, value: Any, *schemes: str) -> Iterator[str]:
    known = "|".join(("https?", *schemes))
    if not re.fullmatch(rf"(?:{known})://\S+", str(value)):
        yield f"{where}: {value!r} is no address"
    elif str(value).startswith("http") and not re.match(r"https?://(\[|[^/\s]+\.[^/\s]+)", str(value)):
        yield f"{where}: {value!r} is not well formed to Discord"


def embed(where: str, found: Mapping[str, Any]) -> Iterator[str]:
    for key, most in (("title", 256), ("description", 4096)):
        if key in found:
            yield from text(f"{where}.{key}", found[key], most)
    for key, inside, most in (("footer", "text", 2048), ("author", "name", 256)):
        if key in found:
            yield from text(f"{where}.{key}", found[key].get(inside), most)
    if "url" in found:
        yield from url(f"{where}.url", found["url"])
    for key in ("image", "thumbnail"):
        if key in found:
            yield from url(f"{where}.{key}", found[key].get("url"), "attachment")
    fields = found.get("fields", [])
    if len(fields) > 25:
        yield f"{where}: {len(fields)} fields"
    for n, field in enumerate(fields):
        yield from text(f"{where}.fields[{n}].name", field.get("name"), 256)
        yield from text(f"{where}.fields[{n}].value", field.get("value"), 1024)
    if not any(found.get(key) for key in ("title", "description", "fields", "image", "thumbnail", "footer", "author")):
        yield f"{where}: empty"


def embed_length(found: Mapping[str, Any]) -> int:
    parts = [found.get("title"), found.get("description"), found.get("footer", {}).get("text")]
    parts += [
        found.get("author", {}).get("name"),
        *(f[key] for f in found.get("fields", []) for key in ("name", "value")),
    ]
    return sum(len(part or "") for part in parts)


def components(where: str, found: list[Any], ids: list[str], counts: list[int]) -> Iterator[str]:
    for n, part in enumerate(found):
        yield from component(f"{where}[{n}]", part, ids, counts)


def component(where: str, part: Mapping[str, Any], ids: list[str], counts: list[int]) -> Iterator[str]:
    """`counts` are components and characters so far."""
    counts[0] += 1
    if "custom_id" in part:
        ids.append(part["custom_id"])
        yield from text(f"{where}.custom_id", part["custom_id"], 100)
    match part["type"]:
        case 1:
            inside = part["components"]
            if not inside or len(inside) > 5 or (len(inside) > 1 and any(one["type"] != 2 for one in inside)):
                yield f"{where}: {len(inside)} in a row"
            yield from components(f"{where}.components", inside, ids, counts)
        case 2:
            if not part.get("emoji") or part.get("label"):
                yield from text(f"{where}.label", part.get("label"), 80)
            if part.get("style") == 5:
                yield from url(f"{where}.url", part.get("url"))
            elif "custom_id" not in part:
                yield f"{where}: a button without an id"
        case 3 | 5 | 6 | 7 | 8:
            yield from text(f"{where}.placeholder", part.get("placeholder"), 150, least=0)
            options = part.get("options", [])
            least, most = part.get("min_values", 1), part.get("max_values", 1)
            if part["type"] == 3:
                if not 1 <= len(options) <= 25 or most > len(options):
                    yield f"{where}: {len(options)} options, {most} to choose"
                values = [option["value"] for option in options]
                if len(set(values)) < len(values):
                    yield f"{where}: a value twice"
            if not 0 <= least <= most <= 25:
                yield f"{where}: {least} to {most} values"
            if sum(bool(option.get("default")) for option in options) > most:
                yield f"{where}: more chosen than may be"
            for n, option in enumerate(options):
                yield from text(f"{where}.options[{n}].label", option.get("label"), 100)
                yield from text(f"{where}.options[{n}].value", option.get("value"), 100)
                yield from text(f"{where}.options[{n}].description", option.get("description"), 100, least=0)
        case 4:
            yield from text(f"{where}.placeholder", part.get("placeholder"), 100, least=0)
            yield from text(f"{where}.value", part.get("value"), part.get("max_length") or 4000, least=0)
        case 9:
            if not 1 <= len(part["components"]) <= 3:
                yield f"{where}: a section of {len(part['components'])} texts"
            yield from components(f"{where}.components", part["components"], ids, counts)
            yield from component(f"{where}.accessory", part["accessory"], ids, counts)
        case 10:
            counts[1] += len(part["content"])
            yield from text(f"{where}.content", part["content"], 4000)
        case 12:
            if not 1 <= len(part["items"]) <= 10:
                yield f"{where}: {len(part['items'])} pictures"
            for n, item in enumerate(part["items"]):
                yield from text(f"{where}.items[{n}].description", item.get("description"), 1024, least=0)
        case 17:
            if not part["components"]:
                yield f"{where}: an empty container"
            yield from components(f"{where}.components", part["components"], ids, counts)
        case 18:
            yield from text(f"{where}.label", part.get("label"), 45)
            yield from text(f"{where}.description", part.get("description"), 100, least=0)
            yield from component(f"{where}.component", part["component"], ids, counts)


def message(where: str, body: Mapping[str, Any], *, new: bool) -> Iterator[str]:
    if body.get("content"):
        yield from text(f"{where}.content", body["content"], 2000)
    embeds = body.get("embeds") or []
    if len(embeds) > 10 or sum(map(embed_length, embeds)) > 6000:
        yield f"{where}.embeds: too much"
    for n, one in enumerate(embeds):
        yield from embed(f"{where}.embeds[{n}]", one)
    ids: list[str] = []
    counts = [0, 0]
    found = body.get("components") or []
    yield from components(f"{where}.components", found, ids, counts)
    if len(set(ids)) < len(ids):
        yield f"{where}: an id twice"
    newer = bool(body.get("flags", 0) & 1 << 15)
    if counts[0] > 40 or counts[1] > 4000 or (not newer and len(found) > 5):
        yield f"{where}: {counts[0]} components, {counts[1]} characters in them"
    for n, file in enumerate(body.get("attachments") or []):
        yield from text(f"{where}.attachments[{n}].description", file.get("description"), 1024, least=0)
    if new and not any(body.get(key) for key in ("content", "embeds", "components", "attachments")):
        yield f"{where}: an empty message"


def form(where: str, body: Mapping[str, Any]) -> Iterator[str]:
    yield from text(f"{where}.title", body.get("title"), 45)
    yield from text(f"{where}.custom_id", body.get("custom_id"), 100)
    if not 1 <= len(body["components"]) <= 5:
        yield f"{where}: {len(body['components'])} fields"
    ids: list[str] = []
    yield from components(f"{where}.components", body["components"], ids, [0, 0])
    if len(set(ids)) < len(ids):
        yield f"{where}: an id twice"


def choices(where: str, found: list[Mapping[str, Any]]) -> Iterator[str]:
    if len(found) > 25:
        yield f"{where}: {len(found)} choices"
    for n, choice in enumerate(found):
        yield from text(f"{where}[{n}].name", choice.get("name"), 100)
        yield from text(f"{where}[{n}].value", choice.get("value"), 100)


def is_held(path: str, body: Any) -> bool:
    """Whether a request has anything that limits hold for: a message, a form or choices; a mere "wait" has not."""
    if not isinstance(body, Mapping):
        return False
    return body["type"] in (4, 7, 8, 9) if path.endswith("/callback") else bool(MESSAGES.search(path.partition("?")[0]))


def request(method: str, path: str, body: Any) -> Iterator[str]:
    """What of a request breaks a documented limit."""
    where = f"{method} {path}"
    if path.endswith("/callback"):
        data = body.get("data") or {}
        match body["type"]:
            case 4 | 7:
                yield from message(where, data, new=body["type"] == 4)
            case 8:
                yield from choices(where, data["choices"])
            case 9:
                yield from form(where, data)
    elif isinstance(body, Mapping) and MESSAGES.search(path.partition("?")[0]):
        yield from message(where, body, new=method == "POST")
