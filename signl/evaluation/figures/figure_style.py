"""What all figures share: their look, the colour of a recipe, panels, and how they are written.

The look is that of ``signl.mplstyle`` and of no settings of the user. Nothing here touches the
state of ``matplotlib.pyplot``: a figure is an object that is drawn, written and forgotten.
"""

import io
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from signl.artefacts import atomic_write
from signl.evaluation.figures.placing import laid_out

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

#: How a line of a recipe looks: its ``color``, ``linestyle`` and ``marker``.
Look = Mapping[str, Any]

STYLE_FILE: Final = Path(__file__).with_name("signl.mplstyle")
#: The forms that a figure is written in: what prints it, and what of it would not be the same
#: another time. ``savefig`` would draw twice: once more to find the layout, which is fixed here.
_FORMS: Final[Mapping[str, tuple[Callable[[Figure], Callable[..., None]], dict[str, None]]]] = {
    ".svg": (
        lambda figure: FigureCanvasSVG(figure).print_svg,
        {"Date": None, "Creator": None},
    ),
    ".pdf": (
        lambda figure: FigureCanvasPdf(figure).print_pdf,
        {"CreationDate": None, "Creator": None, "Producer": None},
    ),
}
#: Inches that a panel takes by default, and a figure beside its panels.
PANEL: Final = (2.3, 1.9)
MARGIN: Final = (1.5, 1.2)
#: Intervals between the ticks of an axis, at the most.
N_TICKS: Final = 4
#: Inches that a letter of a title and of a note takes, on the average.
_TITLE_INCHES: Final = 0.085
_NOTE_INCHES: Final = 0.06


def styled(draw: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Wrap what draws or writes, to do it in the style of this package alone."""

    @wraps(draw)
    def drawn(*arguments: _Arguments.args, **options: _Arguments.kwargs) -> _Result:
        with mpl.rc_context(fname=STYLE_FILE):
            return draw(*arguments, **options)

    return drawn


@styled
def write_figure(figure: Figure, *paths: str | Path) -> None:
    """Write a figure, whole or not at all; equal figures give equal bytes.

    Parameters
    ----------
    figure : Figure
        What a function of this package returned.
    *paths : path
        Files that end in ``.svg`` or ``.pdf``.

    Raises
    ------
    ValueError
        If a path ends in something else.
    """
    for path in map(Path, paths):
        if path.suffix not in _FORMS:
            raise ValueError(f"{path}: a figure is written as one of {sorted(_FORMS)}")
        with atomic_write(path) as scratch:
            _print(figure, scratch, path.suffix)


def _print(figure: Figure, file: Path | io.BytesIO, form: str) -> None:
    printer, metadata = _FORMS[form]
    printer(figure)(file, metadata=metadata)


@styled
def save_svg(figure: Figure) -> bytes:
    """Return a figure as the SVG file that :func:`write_figure` writes."""
    scratch = io.BytesIO()
    _print(figure, scratch, ".svg")
    return scratch.getvalue()


@styled
def looks_of(names: Iterable[str]) -> dict[str, Look]:
    """Return the look of each recipe.

    A name keeps its look whatever of the recipes a figure shows, as long as all of them are
    named here: it goes by their alphabetical order. The first seven differ in colour, line style
    and marker; later ones share a colour with another, and differ in the marker.
    """
    cycle = list(mpl.rcParams["axes.prop_cycle"])
    looks: dict[str, Look] = {}
    for place, name in enumerate(sorted(set(names))):
        turn, slot = divmod(place, len(cycle))
        # 3 and 7 have no common factor: a second turn pairs each colour with other strokes.
        strokes = cycle[(slot + 3 * turn) % len(cycle)]
        looks[name] = {**strokes, "color": cycle[slot]["color"]}
    return looks


def recipe_looks(table: pd.DataFrame, recipes: Iterable[str] | None) -> dict[str, Look]:
    """Return the looks of a table's recipes, sorted, as they are among all that are named."""
    own = sorted(set(table["recipe"])) if len(table) else []
    looks = looks_of([*(recipes or ()), *own])
    return {name: looks[name] for name in own}


@styled
def dash_lengths(stroke: Any) -> list[float]:  # noqa: ANN401
    """Return the lengths of dashes and gaps of a line style, in points; of a whole line, none."""
    if not isinstance(stroke, str):
        return list(stroke[1])
    named = {
        "--": mpl.rcParams["lines.dashed_pattern"],
        "-.": mpl.rcParams["lines.dashdot_pattern"],
        ":": mpl.rcParams["lines.dotted_pattern"],
    }
    return [mpl.rcParams["lines.linewidth"] * length for length in named.get(stroke, [])]


@styled
def rate_colours(n_colours: int = 16) -> list[str]:
    """Return the colours of rates, from the lowest to the highest, evenly spaced."""
    of = mpl.colormaps[mpl.rcParams["image.cmap"]]
    return [to_hex(of(place)) for place in np.linspace(0, 1, n_colours)]


def empty_figure(title: str, reason: str) -> Figure:
    """Return a figure that says in words why nothing is drawn."""
    figure = Figure(figsize=(5.0, 1.6))
    figure.suptitle(_wrapped(figure, title, _TITLE_INCHES))
    figure.text(0.5, 0.4, reason, ha="center", va="center")
    return figure


def panels(
    n_rows: int,
    n_columns: int,
    *,
    panel: tuple[float, float] = PANEL,
    heights: Sequence[float] | None = None,
    share: bool = True,
    margin: tuple[float, float] = MARGIN,
) -> tuple[Figure, "np.ndarray[Any, Any]"]:
    """Return a figure and its panels, an array of shape (row, column).

    Parameters
    ----------
    n_rows, n_columns : int
        How many panels.
    panel : tuple of float
        Width and height of a panel, in inches.
    heights : sequence of float, optional
        Height of each row, in inches, where rows differ.
    share : bool
        Whether all panels have the same axes.
    margin : tuple of float
        Width and height that is left for what stands around the panels, in inches.
    """
    tall = sum(heights) if heights else n_rows * panel[1]
    figure = Figure(figsize=(n_columns * panel[0] + margin[0], tall + margin[1]))
    grid = figure.subplots(
        n_rows,
        n_columns,
        squeeze=False,
        sharex=share,
        sharey=share,
        height_ratios=heights,
    )
    # Most of the time goes into ticks, and small panels have room for few.
    for axes in grid.flat:
        axes.locator_params(nbins=N_TICKS)
    return figure, grid


def protocol_panels(
    points: pd.DataFrame,
    draw: Callable[[Axes, str, float], None],
    *,
    inches: float,
    labels: tuple[str, str],
) -> tuple[Figure, "np.ndarray[Any, Any]"]:
    """Draw a row of square panels per protocol, a column per share of labels.

    Parameters
    ----------
    points : DataFrame
        Says by ``protocol`` and ``label_percent`` which panels there are.
    draw : callable
        Draws the panel of a protocol and a share.
    inches : float
        Width and height of a panel.
    labels : (horizontal, vertical)
        Of the axes.
    """
    rows, columns = (sorted(set(points[name])) for name in ("protocol", "label_percent"))
    figure, grid = panels(len(rows), len(columns), panel=(inches, inches))
    for row, protocol in enumerate(rows):
        for column, percent in enumerate(columns):
            draw(grid[row, column], protocol, percent)
            grid[row, column].set_title(f"{protocol}: {percent_name(percent)}")
        grid[row, 0].set_ylabel(labels[1])
    for axes in grid[-1]:
        axes.set_xlabel(labels[0])
    return figure, grid


def at_panel(table: pd.DataFrame, protocol: str, percent: float) -> pd.DataFrame:
    """Return the rows of a panel of a protocol and a share of labels."""
    return table[(table["protocol"] == protocol) & (table["label_percent"] == percent)]


def finish(
    figure: Figure, title: str, notes: Sequence[str], looks: Mapping[str, Look] | None = None
) -> Figure:
    """Give a figure its title, the notes below it, and a legend of recipes if there are looks."""
    above = figure.suptitle(_wrapped(figure, title, _TITLE_INCHES))
    lines = [_wrapped(figure, note, _NOTE_INCHES) for note in notes]
    below = figure.supxlabel("\n".join(lines), ha="left", x=0.01) if lines else None
    if looks:
        handles = [Line2D([], [], label=name, **look) for name, look in looks.items()]
        figure.legend(handles=handles, loc="outside right upper", title="recipe")
    return laid_out(figure, above, below)


def _wrapped(figure: Figure, text: str, inches: float) -> str:
    """Return a text in lines that a figure has room for."""
    return textwrap.fill(text, max(20, int(figure.get_figwidth() / inches)))


def say(axes: Axes, text: str) -> None:
    """Write into a panel why it holds nothing."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color="0.35")
    if len(axes.get_shared_x_axes().get_siblings(axes)) == 1:
        axes.set(xticks=[], yticks=[])


def seeds_note(n_seeds: "pd.Series[int]", spread: str) -> str:
    """Say over how many seeds a figure goes; of one, that there is no spread."""
    if not len(n_seeds):
        return "No seed."
    low, high = int(n_seeds.min()), int(n_seeds.max())
    if high == 1:
        return f"One seed: there is no {spread}."
    return f"{low} to {high} seeds." if low < high else f"{low} seeds."


def percent_name(percent: float) -> str:
    """Return how a label percent stands above a panel."""
    return f"{percent:g} % of the labels"
