"""The works that the catalogue's sources name, as BibTeX entries: one entry a work, with what a source says of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

NAME = r"[A-ZÀ-Þ][\w'’-]*(?: [A-ZÀ-Þ][\w'’-]*)*"
AUTHORS = rf"{NAME}(?:, {NAME})*(?: & {NAME}| et al\.)?"
WORK = re.compile(rf"(?P<authors>{AUTHORS}) (?P<year>1[6-9]\d\d|20\d\d)(?P<rest>(?:, [^;,]+)*)")
ARXIV = re.compile(r"arXiv (\d{4}\.\d{4,5})")


def works(source: str) -> Iterator[dict[str, Any]]:
    """The works that a source names: authors (family names, ``others`` for et al.), year, title and arXiv's number.

    >>> [(work["authors"], work["year"], work["title"]) for work in works("Elliott 1993, A title; Rosenblatt 1958")]
    [(['Elliott'], '1993', 'A title'), (['Rosenblatt'], '1958', '')]
    """
    for found in WORK.finditer(source):
        names = found["authors"].removesuffix(" et al.")
        authors = re.split(", | & ", names) + ["others"] * (names != found["authors"])
        number = ARXIV.search(found["rest"])
        told = [text.partition(" (")[0].strip() for text in found["rest"].split(", ")[1:]]
        title = next((text for text in told[:1] if text[:1].isupper()), "")  # further on are the journal and remarks
        yield {"authors": authors, "year": found["year"], "title": title, "arxiv": number[1] if number else ""}


def entries(sources: Mapping[str, str]) -> list[dict[str, Any]]:
    """One entry a work, under a key such as ``hendrycks2016``, with the functions that name it.

    Parameters
    ----------
    sources
        Function to its source as the catalogue has it.

    Returns
    -------
    key, authors, year, title, arxiv, functions, and ``source``: the whole text where it names no work.
    """
    found: list[dict[str, Any]] = []
    for function, source in sources.items():
        named = list(works(source)) or [{"authors": [], "year": "", "title": "", "arxiv": "", "source": source}]
        for work in named:
            work = {"source": "", "functions": [], **work}
            entry = next((each for each in found if _same(each, work)), work)
            found += [work] if entry is work else []
            entry |= {name: entry[name] or work[name] for name in ("title", "arxiv")}
            entry["functions"] += [function] if function not in entry["functions"] else []
    keys: dict[str, int] = {}
    for entry in found:
        key = _key(entry["authors"][0] + entry["year"] if entry["authors"] else entry["functions"][0])
        keys[key] = keys.get(key, 0) + 1
        entry["key"] = key + ("" if keys[key] == 1 else chr(ord("a") + keys[key] - 1))
    return found


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two mentions are of one work: authors and year, and nothing that both say differs."""
    alike = all(one[name] == other[name] for name in ("authors", "year", "source"))
    return alike and all(one[n] == other[n] or not (one[n] and other[n]) for n in ("title", "arxiv"))


def _key(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
