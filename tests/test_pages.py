"""Lists are paged from an edge: nothing twice, nothing left out, and the last page costs what the first does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot.links.access import Actor
from storage import links, posts, schema
from storage.database import Database
from storage.prepared import Reader, read
from storage.records import Edge, Link, Page, Post, State
from storage.search import link_key, post_key
from tests.conftest import NOW, World, answer_of, text_of

SIZE = 10
CREATORS = 4


@pytest.mark.parametrize(
    ("before", "count", "number", "pages"),
    [(0, 0, 0, 1), (0, 10, 0, 1), (0, 11, 0, 2), (10, 11, 1, 2), (20, 45, 2, 5), (3, 20, 1, 3), (3, 25, 1, 4)],
)
def test_a_page_knows_its_number_by_what_is_before_it(before: int, count: int, number: int, pages: int) -> None:
    assert Page.of((), before, count, SIZE) == Page((), number, pages, count)


@pytest.mark.parametrize(("number", "items"), [(0, [0, 1]), (2, [4]), (9, [4])])
def test_a_whole_list_is_cut_into_pages(number: int, items: list[int]) -> None:
    assert Page.cut(range(5), number, 2) == Page(range(items[0], items[-1] + 1), items[0] // 2, 3, 5)
    assert Page.cut([], number, 2) == Page([], 0, 1, 0)


async def fill(db: Database, count: int) -> None:
    """So many links, one in ten of them archived, of some creators in turn, and two posts of each."""
    made = [
        Link(1, n, n % CREATORS, f"l{n}", "https://shop.example/", 2, NOW, NOW, f"Link {n}", state=State.ACTIVE)
        for n in range(1, count + 1)
    ]
    made = [dataclasses.replace(link, state=State.ARCHIVED) if link.id % 10 == 3 else link for link in made]
    told = [
        Post(1, 10_000 + 2 * link.id + n, link.creator_id, link.id, f"x{n}", "x", "post", 2, NOW)
        for link in made
        for n in (0, 1)
    ]

    def work(conn: Any) -> None:
        conn.execute(schema.links.insert(), [dataclasses.asdict(link) | {"search": link_key(link)} for link in made])
        rows = [dataclasses.asdict(post) | {"search": post_key(post, f"l{post.link_id}")} for post in told]
        conn.execute(schema.posts.insert(), rows)

    await db.write(lambda conn: conn.run_sync(work))


@pytest.mark.parametrize("creator_id", [None, 1])
@pytest.mark.parametrize("noun", [links, posts])
async def test_whoever_turns_pages_sees_everything_once_there_and_back(
    db: Database, noun: Any, creator_id: int | None
) -> None:
    await fill(db, 103)
    async with db.read() as conn:
        every = await noun.find(conn, 1, creator_id=creator_id, states=[State.ACTIVE])
        listed = await noun.page(conn, 1, None, SIZE, creator_id=creator_id)
        shown = [listed]
        while listed.number + 1 < listed.pages:
            listed = await noun.page(conn, 1, Edge(listed.items[-1].id, newer=False), SIZE, creator_id=creator_id)
            shown.append(listed)
        assert [item for page in shown for item in page.items] == every
        assert [page.number for page in shown] == list(range(listed.pages))
        assert {page.count for page in shown} == {len(every)}
        for page in shown[-2::-1]:
            listed = await noun.page(conn, 1, Edge(listed.items[0].id, newer=True), SIZE, creator_id=creator_id)
            assert listed == page


async def test_a_list_that_changes_while_it_is_turned_shows_what_there_is(db: Database) -> None:
    await fill(db, 33)  # of which 29 are active
    async with db.read() as conn:
        ids = [link.id for link in await links.find(conn, 1, states=[State.ACTIVE])]
        # As if the first page had been turned to when there were three less.
        seen = await links.page(conn, 1, Edge(ids[12], newer=False), SIZE)
        assert ([link.id for link in seen.items], seen.number, seen.pages) == (ids[13:23], 2, 4)
        back = await links.page(conn, 1, Edge(ids[13], newer=True), SIZE)
        assert ([link.id for link in back.items], back.number, back.pages) == (ids[3:13], 1, 4)
        first = await links.page(conn, 1, Edge(ids[3], newer=True), SIZE)
        assert ([link.id for link in first.items], first.number) == (ids[:SIZE], 0)
        # As if all that is older, or newer, were gone.
        last = await links.page(conn, 1, Edge(ids[-1], newer=False), SIZE)
        assert ([link.id for link in last.items], last.number, last.pages) == (ids[-SIZE:], 2, 3)
        alone = await links.page(conn, 1, Edge(ids[0], newer=True), SIZE)
        assert [link.id for link in alone.items] == ids[:SIZE]
        none = await links.page(conn, 1, Edge(ids[0], newer=False), SIZE, creator_id=999)
        assert none == Page([], 0, 1, 0)


@contextmanager
def counted_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many steps of its machine SQLite takes for what is read within."""
    steps = [0]
    execute = Reader._execute

    def step() -> None:
        steps[0] += 1

    def counting(self: Reader, *args: Any) -> Any:
        self._connection.set_progress_handler(step, 1)
        return execute(self, *args)

    with monkeypatch.context() as patched:
        patched.setattr(Reader, "_execute", counting)
        yield steps


@pytest.mark.parametrize("creator_id", [None, 1])
@pytest.mark.parametrize("noun", [links, posts])
async def test_no_page_costs_more_than_the_first(
    db: Database, monkeypatch: pytest.MonkeyPatch, noun: Any, creator_id: int | None
) -> None:
    await fill(db, 3_000)
    costs: dict[str, int] = {}
    async with db.read() as conn:
        ids = [item.id for item in await noun.find(conn, 1, creator_id=creator_id, states=[State.ACTIVE])]
        edges = {
            "first": None,
            "second": Edge(ids[SIZE - 1], newer=False),
            "middle": Edge(ids[len(ids) // 2], newer=False),
            "last": Edge(ids[-SIZE - 1], newer=False),
            "back from the last": Edge(ids[-SIZE], newer=True),
        }

        for name, edge in edges.items():

            def turn(reader: Reader, edge: Edge | None = edge) -> Page[Any]:
                return noun.page.within(reader, 1, edge, SIZE, creator_id=creator_id)

            with counted_steps(monkeypatch) as steps:
                assert len((await read(conn, turn)).items) == SIZE
            costs[name] = steps[0]
    # Each counts all there are; to be newer than the page's first takes one step more.
    assert max(costs.values()) < 1.2 * costs["first"], costs


async def test_buttons_turn_pages_of_links_that_come_meanwhile(world: World) -> None:
    async def add(first: int, end: int) -> None:
        for n in range(first, end):
            manager = Actor(world.guild.id, world.admin.id, manager=True)
            await world.app.services.links.add(manager, f"https://shop.example/{n}", name=f"link-{n:02}")

    async def turn(label: str) -> str:
        await world.admin.click(answer_of(listed), label=label)
        return text_of(listed)

    await add(0, 25)
    listed = await world.admin.slash(world.channel, "link list")
    assert "link-24" in text_of(listed)
    second = await turn("Next")
    assert "link-14" in second
    assert "link-05" in second
    assert "Page 2 of 3" in second
    await add(25, 28)
    third = await turn("Next")
    assert "link-04" in third
    assert "link-05" not in third
    assert "Page 4 of 4" in third, "three are on a page of their own before those that were seen"
    assert "link-14" in await turn("Previous")
    assert "link-24" in await turn("Previous")
    first = await turn("Previous")
    assert "link-27" in first
    assert "Page 1 of 3" in first
