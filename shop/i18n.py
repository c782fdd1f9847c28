"""Which languages we speak, and where the words are kept.

The catalogues are plain gettext files, ``locale/<language>/<domain>.po``. They are read as they are, so
there is nothing to compile and nothing to forget. ``python -m shop.i18n`` collects new sentences from the
sources.
"""

from __future__ import annotations

import gettext
import sys
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

Language = Literal["fa", "en"]

LANGUAGES: tuple[Language, ...] = ("fa", "en")
"""The first is what a person gets of whom we know nothing."""

LANGUAGE_NAMES: dict[str, str] = {"fa": "فارسی", "en": "English"}
"""Each in its own words: a reader looks for the one that can be read."""

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "locale"


def N_(message: str) -> str:  # noqa: N802  (the name gettext tools look for)
    """Mark a sentence of a table for the catalogues; it is translated where it is shown."""
    return message


LANGUAGE_WORDS: dict[str, str] = {"fa": N_("Persian"), "en": N_("English")}
"""English words for the catalogues: what a language is called where the reader's own is spoken about it."""


@cache
def translations(lang: str) -> gettext.NullTranslations:
    """All words of one language, every domain merged; an unknown language gets the English sentences."""
    merged = Catalog(locale=lang if lang in LANGUAGES else "en")
    for file in sorted((LOCALE / lang).glob("*.po")) if lang in LANGUAGES else ():
        for message in _read(file, lang):
            if message.id:
                merged.add(message.id, message.string, flags=message.flags, context=message.context)
    compiled = BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def gettext_for(lang: str) -> Callable[[str], str]:
    """The ``_`` of one language, to be passed where sentences are made."""
    return translations(lang).gettext


def pick_language(*candidates: str | None) -> Language:
    """The first language we speak among wishes in order of weight.

    A wish is a tag (``fa-IR``, ``en_US``), a whole ``Accept-Language`` header, or nothing.
    """
    for candidate in candidates:
        for tag in (candidate or "").split(","):
            primary = tag.split(";")[0].strip().replace("_", "-").split("-")[0].lower()
            for lang in LANGUAGES:
                if lang == primary:
                    return lang
    return LANGUAGES[0]


# The developer's command ------------------------------------------------------------------------------------


class Domain(NamedTuple):
    """Where the sentences of one catalogue are written."""

    folders: tuple[str, ...]
    but_not: str | None = None


DOMAINS: dict[str, Domain] = {
    "shop": Domain(("shop",)),
    "web": Domain(("templates/web", "web")),
    "bot": Domain(("templates/telegram", "bot"), but_not="bot/sandbox"),
    "sandbox": Domain(("templates/sandbox", "bot/sandbox")),
}

METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
# A template that does not parse stops the command; silently it would lose all its sentences.
OPTIONS = {"**.html": {"silent": "false", "trimmed": "true"}}
# As Babel knows them: a Persian noun stays as it is after a number.
PLURALS = {"fa": "nplurals=1; plural=0;", "en": "nplurals=2; plural=(n != 1);"}


def catalogue_path(domain: str, lang: str) -> Path:
    return LOCALE / lang / f"{domain}.po"


def extract(domain: str) -> Catalog:
    """Every sentence now written in the sources of ``domain``, with the files it stands in."""
    found = Catalog()
    for file, message, context in _sentences(domain):
        found.add(message, locations=[(file, 1)], context=context)
    return found


def update(domain: str, lang: str) -> str:
    """The new text of a catalogue: known translations kept, new sentences added, unused ones dropped.

    English sentences are their own translations; Persian ones stay empty until somebody writes them.
    """
    path = catalogue_path(domain, lang)
    known = _read(path, lang) if path.exists() else Catalog(locale=lang)
    fresh = Catalog(locale=lang)
    for message in extract(domain):
        if not message.id:
            continue
        old = known.get(message.id, message.context)
        # A sentence that gained or lost its plural begins anew: the forms would not fit.
        fits = old is not None and bool(old.pluralizable) == bool(message.pluralizable)
        string = message.id if lang == "en" else (old.string if old is not None and fits else "")
        fresh.add(message.id, string, locations=message.locations, context=message.context)
    body = BytesIO()
    write_po(body, fresh, width=100, omit_header=True, sort_by_file=True, include_lineno=False)
    # Our own header: Babel's carries the time of the run, and every run would be a change.
    return (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {lang}\\n"\n'
        '"Content-Type: text/plain; charset=UTF-8\\n"\n'
        f'"Plural-Forms: {PLURALS[lang]}\\n"\n\n' + body.getvalue().decode().strip() + "\n"
    )


def _read(path: Path, lang: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=lang, abort_invalid=True)


def _sentences(domain: str) -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    sources = DOMAINS[domain]
    for folder in sources.folders:
        found = extract_from_dir(
            ROOT / folder,
            METHODS,
            OPTIONS,
            DEFAULT_KEYWORDS,
            # Babel would pass over folders like _layouts.
            directory_filter=lambda _folder: True,
        )
        for name, _line, message, _comments, context in found:
            file = f"{folder}/{Path(name).as_posix()}"
            if sources.but_not is None or not file.startswith(f"{sources.but_not}/"):
                yield file, message, context


def main(domains: list[str]) -> None:
    """Bring the catalogues up to date and say what still waits for a translation."""
    for domain in domains or list(DOMAINS):
        for lang in LANGUAGES:
            path = catalogue_path(domain, lang)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(update(domain, lang), encoding="utf-8")
            missing = [m.id for m in _read(path, lang) if m.id and not all(_strings(m.string))]
            sys.stdout.write(f"{path.relative_to(ROOT)}: {len(missing)} without a translation\n")
            sys.stdout.writelines(f"  {sentence}\n" for sentence in missing)


def _strings(string: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [string or ""] if isinstance(string, str) or string is None else list(string)


if __name__ == "__main__":
    main(sys.argv[1:])
