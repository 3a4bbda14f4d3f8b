"""The form of the bench: a rules file as it is typed, and the event that it is tried on."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from aiohttp import web

from relay.page.bench import rules_files
from relay.page.bench.choosing import ChosenEvent
from relay.page.bench.events import PASTED
from relay.page.bench.rules_files import with_newlines
from relay.page.webhooks.listing import whole_number


@dataclass(frozen=True, slots=True)
class PageForm:
    """The form of a page; `page` tells it from others, `digest` is of the text read.

    `number` is that of the text among those that the page has sent; 0 where it gives none.
    """

    page: str
    rules: str
    text: str = field(repr=False)
    digest: str
    editor: str
    chosen: ChosenEvent
    number: int = 0

    @classmethod
    async def of(cls, request: web.Request) -> Self:
        """Return the form that a request has."""
        given = await request.post()

        def one(name: str) -> str:
            value = given.get(name, "")
            return value if isinstance(value, str) else ""

        return cls(
            page=one("page"),
            rules=one("rules"),
            text=with_newlines(one("text")),
            digest=one("digest"),
            editor=one("editor"),
            chosen=ChosenEvent(
                one("event") or PASTED, one("pasted"), one("headers"), Path(one("rules")).stem
            ),
            number=whole_number(one("number")),
        )

    def place(self, folder: Path) -> Path:
        """Return the path of the rules file, whose name must be one of the folder's."""
        if self.rules not in rules_files.names(folder):
            raise web.HTTPNotFound(text="there is no such rules file")
        return folder / self.rules
