"""Pieces of a page of HTML: all text is escaped, so that no name is taken for markup."""

import base64
import csv
import hashlib
import html
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from matplotlib.figure import Figure

from signl.evaluation.figures.figure_style import save_svg

_FOLDER: Final = Path(__file__).parent
_NUMBER: Final = re.compile(r"-?[0-9][0-9.]*(e[+-]?[0-9]+)?")
#: Rows beyond which a table is left to its file: a browser sorts these in a moment.
MAX_ROWS: Final = 5000
#: Nothing is loaded from anywhere, and no script runs but those whose digests follow, whatever a
#: name in the results may hold.
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src"


def printable(text: object) -> str:
    """Return text of which what cannot be printed is spelt out."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1]
        for letter in str(text)
    )


def escaped(text: object) -> str:
    """Return text that a browser shows as it is; what cannot be printed is spelt out."""
    return html.escape(printable(text))


def paragraph(text: str) -> str:
    """Return a paragraph of plain text."""
    return f"<p>{escaped(text)}</p>\n"


def listed(items: Iterable[str]) -> str:
    """Return plain texts as a list."""
    return "<ul>\n" + "".join(f"<li>{escaped(item)}</li>\n" for item in items) + "</ul>\n"


def section(name: str, title: str, *parts: str) -> str:
    """Return a section, with a name that links lead to."""
    return (
        f'<section id="{escaped(name)}">\n<h2>{escaped(title)}</h2>\n{"".join(parts)}</section>\n'
    )


def table(name: str, header: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> str:
    """Return a table that is sorted by a click on its header, and filtered by words.

    Parameters
    ----------
    name : str
        What it is called.
    header, rows : sequences of str
        Plain text; columns of numbers are flush right.
    empty : str
        What is said where it has no row.
    """
    if not rows:
        return paragraph(empty)
    if len(rows) > MAX_ROWS:
        return paragraph(f"{len(rows):,} rows, too many for a page: they are in the file {name}.")
    is_number = [
        all(not row[place] or _NUMBER.fullmatch(row[place]) for row in rows)
        for place in range(len(header))
    ]
    head = "".join(
        f'<th><button type="button">{escaped(text.replace("_", " "))}</button></th>'
        for text in header
    )
    lines = "".join(
        "<tr>"
        + "".join(
            f'<td class="n">{escaped(cell)}</td>' if right else f"<td>{escaped(cell)}</td>"
            for cell, right in zip(row, is_number, strict=True)
        )
        + "</tr>\n"
        for row in rows
    )
    label = f"words that rows of {name} must hold"
    return (
        f'<div class="table"><p class="tools"><input type="search" aria-label="{escaped(label)}" '
        f'placeholder="filter"> <output>{len(rows)} rows</output></p>\n'
        f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{lines}</tbody>\n'
        "</table></div></div>\n"
    )


def csv_table(path: str | Path, empty: str) -> str:
    """Return the table of a CSV file."""
    text = Path(path).read_text(encoding="utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return table(Path(path).name, header, rows, empty)


def drawing(
    figure: Figure, title: str, caption: str, chart: Mapping[str, Any] | None = None
) -> str:
    """Return a figure with its caption; it is an image, in which no markup runs.

    Parameters
    ----------
    figure : Figure
        What is shown, and stays within reach where a chart is drawn.
    title, caption : str
        Plain text.
    chart : Mapping, optional
        What is drawn over it by the module of :func:`page`, a specification in Vega-Lite.
    """
    inside = base64.b64encode(save_svg(figure)).decode()
    image = f'<img alt="{escaped(title)}" src="data:image/svg+xml;base64,{inside}">'
    below = f"<figcaption>{escaped(caption)}</figcaption>"
    if chart is None:
        return f"<figure>{image}{below}</figure>\n"
    # No name in it ends the element that it stands in.
    spec = json.dumps(chart, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
    return (
        '<figure class="chart"><div class="drawn"></div><p class="trouble"></p>\n'
        f'<script type="application/json">{spec}</script>\n'
        f"<details open><summary>All of it, as a fixed figure</summary>{image}</details>\n"
        f"{below}</figure>\n"
    )


def page(
    title: str, sections: Sequence[tuple[str, str, str]], *, module: str = "", notice: str = ""
) -> str:
    """Return a page of HTML.

    Parameters
    ----------
    title : str
        Plain text.
    sections : sequence of (name, title, content)
        Plain text, and HTML.
    module : str
        JavaScript that draws charts.
    notice : str
        What is said in a comment above that; no name of the results.
    """
    style, script = ((_FOLDER / name).read_text("utf-8") for name in ("page.css", "page.js"))
    links = "".join(
        f'<a href="#{escaped(name)}">{escaped(heading)}</a>\n' for name, heading, _ in sections
    )
    body = "".join(section(*each) for each in sections)
    script = f"\n{script}"
    run = f"<script>{script}</script>\n"
    if module:
        run += f'<!-- {notice} -->\n<script type="module">{module}</script>\n'
    allowed = " ".join(_hash_of(each) for each in (script, module) if each)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY} {allowed}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"<h1>{escaped(title)}</h1>\n<nav>\n{links}</nav>\n{body}{run}</body>\n</html>\n"
    )


def _hash_of(script: str) -> str:
    """Return how a policy names a script that may run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
