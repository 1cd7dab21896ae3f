"""5,000 damaged score and key files: each is read whole, or refused by an error of this project.

The cases are the same in every run; a failure names its case, which ``damaged`` makes anew.
"""

import math
import random

import pyarrow as pa
import pytest

from signl.errors import ScoreError
from signl.evaluation.foreign import read_foreign_key
from signl.evaluation.score_file_options import KeyFileOptions
from signl.evaluation.scores import match_scores, read_score_text, split_classes

N_CASES = 1250  # of each form
MAX_MESSAGE = 2000
#: What would act on a terminal, or break a line, must be escaped.
UNSHOWN = set("\0\x1b\n\r\u2028\x85")
NAMES = [f"DF_E_{place:07d}" for place in range(12)]
LABELS = ["bonafide" if place % 4 == 0 else "spoof" for place in range(12)]
HEADERS = {"asvspoof5": "filename\tcm-{}\n", "asvspoof2021": ""}
FIELDS = (
    *("", "-", "1_0", "0x1p3", "1e9", "1e999", "-1e-999", "nan", "-inf", "Infinity", "+.5", "5."),
    *("\u0661\u0662", "\uff11\uff12", "\u00b2", "1,5", "[0.5]", "1" * 6000, "1e" + "9" * 300),
    *("bonafide", "bona-fide", "Spoof", "fake", "spoof ", "\ufeff", "\0", "\u2028", "\x85", "\x1b"),
    *("\r", "\n", "\t", " ", "\u00a0", '"', "x" * 4000, "DF_E_0000001", "DF_E_0000001.flac", "é"),
)


def sound(kind, form):
    """Lines of a file that is read, and what separates their columns."""
    separator = "\t" if form == "asvspoof5" else " "
    values = LABELS if kind == "label" else [repr(place / 7 - 1) for place in range(12)]
    return separator, [[name, value] for name, value in zip(NAMES, values, strict=True)]


def change_lines(chance, rows):
    """Exchange, take out, double or move fields or lines."""
    row = chance.choice(rows)
    at = chance.randrange(len(row))
    match chance.randrange(7):
        case 0 | 1:
            row[at] = chance.choice(FIELDS)
        case 2:
            row.insert(at, chance.choice(FIELDS))
        case 3 if len(row) > 1:
            del row[at]
        case 4:
            row[at] += chance.choice(FIELDS)
        case 5:
            rows.insert(at, list(chance.choice(rows)))
        case _:
            for each in rows:
                each[0] += ".wav"


def change_bytes(chance, content):
    """Change bytes, line ends, the encoding or the begin of the whole file."""
    at = chance.randrange(len(content) + 1)
    match chance.randrange(7):
        case 0:
            return content[:at] + chance.randbytes(chance.randint(1, 6)) + content[at:]
        case 1:
            return content[:at]
        case 2:
            return b"\xef\xbb\xbf" * chance.randint(1, 2) + content
        case 3:
            return content.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\n", b" \n")))
        case 4:
            return content.decode().encode(chance.choice(("utf-16", "utf-32", "utf-16-le")))
        case 5:
            return chance.randbytes(chance.randint(0, 400))
        case _:
            return content[:at] + chance.choice((b"\0", b"\xff", b"\xed\xa0\x80")) + content[at:]


def damaged(kind, form, case):
    """Return the content of a damaged file."""
    chance = random.Random(f"{kind} {form} {case}")
    separator, rows = sound(kind, form)
    for _ in range(chance.randint(0, 2)):
        change_lines(chance, rows)
    text = HEADERS[form].format(kind) + "".join(separator.join(row) + "\n" for row in rows)
    return change_bytes(chance, text.encode()) if chance.random() < 0.4 else text.encode()


def read(kind, form, path):
    """Read a file, and use it as ``signl measure-scores`` does."""
    if kind == "label":
        table = read_foreign_key(path, KeyFileOptions()).trials
        other = pa.table({"utterance_id": NAMES, "score": [float(n) for n in range(len(NAMES))]})
        return table, table, other
    table = read_score_text(path, form=form)
    return table, pa.table({"utterance_id": NAMES, "label": LABELS}), table


def check_sound(table):
    """Check what all that is done with scores and keys relies on."""
    table.validate(full=True)
    ids = table["utterance_id"].to_pylist()
    assert len(set(ids)) == len(ids)
    assert all(ids)
    if "score" in table.column_names:
        assert all(map(math.isfinite, table["score"].to_pylist()))


@pytest.mark.parametrize("form", HEADERS)
@pytest.mark.parametrize("kind", ["score", "label"])
def test_files_are_read_whole_or_refused(tmp_path, kind, form):
    path = tmp_path / "file.txt"
    n_refused = 0
    for case in range(N_CASES):
        path.write_bytes(damaged(kind, form, case))
        message = None
        try:
            table, trials, scores = read(kind, form, path)
            check_sound(table)
            split_classes(match_scores(trials, scores))
        except ScoreError as error:
            message = str(error)
        except Exception as error:
            pytest.fail(f"case {case}: {error!r}")
        if message is not None:
            assert len(message) < MAX_MESSAGE, (case, message)
            assert not set(message) & UNSHOWN, (case, message)
            n_refused += 1
    assert N_CASES // 3 < n_refused < N_CASES
