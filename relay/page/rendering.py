"""Rendering of the page: templates whose values are text, whatever markup they hold."""

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from relay.console.format import clock, counted

TEMPLATES: Final = Path(__file__).parent / "templates"
_NONCE_BYTES: Final = 18
_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters["clock"] = clock
_ENVIRONMENT.filters["counted"] = counted


def nonce() -> str:
    """Return a nonce for the scripts and styles of one answer."""
    return base64.b64encode(secrets.token_bytes(_NONCE_BYTES)).decode()


def policy(own: str) -> str:
    """Return the Content-Security-Policy of an answer: nothing but our own, and no eval."""
    return (
        f"default-src 'none'; script-src 'nonce-{own}'; style-src 'nonce-{own}';"
        " img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )


def fragment(name: str, values: Mapping[str, Any]) -> str:
    """Return a template with these values as HTML."""
    return _ENVIRONMENT.get_template(name).render(values)


def page(name: str, values: Mapping[str, Any], status: int = 200) -> web.Response:
    """Return a whole page; its template extends `base.html`."""
    own = nonce()
    made = html(fragment(name, {**values, "nonce": own}), status)
    made.headers["Content-Security-Policy"] = policy(own)
    return made


def html(text: str, status: int = 200) -> web.Response:
    """Return HTML as an answer: a fragment, which runs no script of its own."""
    written = text.encode(errors="backslashreplace")  # JSON may hold halves of characters
    return web.Response(body=written, status=status, content_type="text/html", charset="utf-8")
