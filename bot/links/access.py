"""Who may do what with links and numbers. Pure decisions."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import RefusedError
from bot.texts import _
from storage.records import AddPolicy, Server


@dataclass(frozen=True, slots=True)
class Actor:
    """The member who asks. `manager` is the Manage Server permission, checked anew on every interaction."""

    guild_id: int
    user_id: int
    manager: bool = False
    role_ids: frozenset[int] = frozenset()

    def owns(self, creator_id: int) -> bool:
        """Whether what belongs to the creator is theirs to see and change."""
        return self.manager or self.user_id == creator_id


def may_add(actor: Actor, server: Server) -> bool:
    """Whether the member may add links of their own."""
    if actor.manager or server.add_policy is AddPolicy.EVERYONE:
        return True
    return (
        server.add_policy is AddPolicy.CREATORS
        and server.creator_role_id is not None
        and server.creator_role_id in actor.role_ids
    )


def first_link(actor: Actor, server: Server) -> str:
    """How the actor comes by a link: by a command of their own, or by whom they may ask."""
    if may_add(actor, server):
        return _("/link add makes one.")
    if server.add_policy is AddPolicy.CREATORS and server.creator_role_id is not None:
        return _("Who has the role <@&{role}> adds links here; ask a manager for it.").format(
            role=server.creator_role_id
        )
    return _("Ask a manager to add a link for you.")


def require_add(actor: Actor, server: Server, creator_id: int) -> None:
    """Raises RefusedError unless the actor may add for this creator: managers for anyone, creators for themselves."""
    if not may_add(actor, server):
        raise RefusedError(_("You may not add links in this server.") + " " + first_link(actor, server))
    if not actor.owns(creator_id):
        raise RefusedError(_("You can add links and posts for yourself; only managers add them for others."))


def require_creator(actor: Actor, server: Server) -> None:
    """Raises RefusedError for who lacks the role that makes creators: what is theirs they may read and take back alone.

    People trust the addresses that they know, whoever they belong to: nobody who is no creator may put anything new
    behind them.
    """
    if server.add_policy is AddPolicy.CREATORS and server.creator_role_id is not None and not may_add(actor, server):
        raise RefusedError(
            _(
                "Without the role <@&{role}> your numbers stay yours to read, and your links and page to take back; "
                "what strangers see of them stays as it is. Ask a manager for the role, or to do it."
            ).format(role=server.creator_role_id)
        )


def require_manager(actor: Actor) -> None:
    """Raises RefusedError unless the actor manages the server."""
    if not actor.manager:
        raise RefusedError(_("That takes the Manage Server permission; ask a manager of this server."))
