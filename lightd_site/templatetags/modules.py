"""A module of static/js/, asked for together with all that it imports.

A browser reads of an import only when the module is there that has it: three modules deep are three ways to the server.
"""

import posixpath
import re
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

IMPORT = re.compile(r'^(?:import|export) [^"]*"(\.[^"]+)";$', re.MULTILINE)


@register.simple_tag
def module(name: str) -> SafeString:
    """`name` as of `static`: js/console/page.js."""
    preloads = format_html_join(
        "", '<link rel="modulepreload" href="{}">', ((static(each),) for each in imported(name))
    )
    return format_html('{}<script type="module" src="{}"></script>', preloads, static(name))


@cache
def imported(name: str) -> tuple[str, ...]:
    """All that the module imports, and what that does; each once."""
    known: dict[str, None] = {}
    waiting = [name]
    while waiting:
        for each in imports(waiting.pop()):
            if each not in known:
                known[each] = None
                waiting.append(each)
    return tuple(known)


def imports(name: str) -> list[str]:
    """What the module itself imports, all of which is named relative to it."""
    path = finders.find(name)
    if path is None:
        raise LookupError(f"{name} is imported, and not there")
    found = IMPORT.findall(Path(path).read_text())
    return [posixpath.normpath(posixpath.join(posixpath.dirname(name), relative)) for relative in found]
