"""Lines of a table as text: in columns of fixed width, Markdown, LaTeX, CSV."""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from signl.spreadsheets import inert

Form = Literal["text", "markdown", "latex", "csv"]
_NUMBER: Final = re.compile(r"-?|[\d,.]+( ± [\d.]+)?|[-+]?[\d.]+(e[-+]?\d+)?")


class Lines(NamedTuple):
    """A table of text.

    Attributes
    ----------
    header : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        Cells, as many a row as columns.
    best : set of int
        Numbers of the rows that are the best of those that compare.
    best_column : int
        The column of the figure by which they are.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    best: set[int]
    best_column: int

    def printable(self) -> list[list[str]]:
        """Return header and rows without what would move a cursor or colour a terminal."""
        return [[_printable(cell) for cell in line] for line in (self.header, *self.rows)]

    def in_bold(self, lines: Sequence[Sequence[str]], bold: str) -> list[list[str]]:
        """Return lines, the header first, with the best figures put into a format."""
        return [
            [
                bold.format(cell) if number - 1 in self.best and place == self.best_column else cell
                for place, cell in enumerate(line)
            ]
            for number, line in enumerate(lines)
        ]


def _sides(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return ``>`` for each column that holds numbers below its header, ``<`` for the others."""
    columns = list(zip(*lines, strict=True))
    return [">" if all(map(_NUMBER.fullmatch, column[1:])) else "<" for column in columns]


def _aligned(table: Lines) -> str:
    """Return columns of fixed width, those of numbers flush right."""
    lines = table.printable()
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    sides = _sides(lines)
    layout = "  ".join(f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True))
    return "".join(layout.format(*line).rstrip() + "\n" for line in lines)


def _comma_separated(table: Lines) -> str:
    """Return CSV."""
    text = io.StringIO()
    lines = ([inert(cell) for cell in line] for line in (table.header, *table.rows))
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def _in_markdown(table: Lines) -> str:
    """Return a table of GitHub's Markdown."""
    lines = [[cell.replace("|", r"\|") for cell in line] for line in table.printable()]
    rule = ["---:" if side == ">" else "---" for side in _sides(lines)]
    header, *rows = table.in_bold(lines, "**{}**")
    return "".join(f"| {' | '.join(line)} |\n" for line in (header, rule, *rows))


#: What LaTeX takes for something else, and what stands for it.
_LATEX: Final = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
}


def _in_latex(table: Lines) -> str:
    """Return a tabular of LaTeX with the rules of the package booktabs."""
    lines = table.printable()
    form = "".join("r" if side == ">" else "l" for side in _sides(lines))
    escaped = [
        ["".join(_LATEX.get(sign, sign) for sign in cell) for cell in line] for line in lines
    ]
    in_bold = table.in_bold(escaped, r"\textbf{{{}}}")
    header, *rows = (f"{' & '.join(line)} \\\\" for line in in_bold)
    inside = [r"\toprule", header, r"\midrule", *rows, r"\bottomrule"]
    return "\n".join([rf"\begin{{tabular}}{{{form}}}", *inside, r"\end{tabular}", ""])


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


FORMS: Final[Mapping[Form, Callable[[Lines], str]]] = {
    "text": _aligned,
    "markdown": _in_markdown,
    "latex": _in_latex,
    "csv": _comma_separated,
}
