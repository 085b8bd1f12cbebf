"""Which links and posts people named last: what somebody works on is what they mean next."""

from __future__ import annotations

from cachetools import LRUCache

from bot.links.access import Actor

_REMEMBERED = 8
"""As many links and posts of each person."""
_PEOPLE = 10_000


class Recent:
    """In memory alone; who named nothing for longest is forgotten first."""

    def __init__(self) -> None:
        self._used: LRUCache[tuple[int, int], tuple[int, ...]] = LRUCache(_PEOPLE)

    def note(self, actor: Actor, id_: int) -> None:
        others = [other for other in self.of(actor) if other != id_]
        self._used[actor.guild_id, actor.user_id] = (id_, *others)[:_REMEMBERED]

    def of(self, actor: Actor) -> tuple[int, ...]:
        """The latest first."""
        return self._used.get((actor.guild_id, actor.user_id), ())
