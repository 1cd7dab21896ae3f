"""2,240 damaged protocols: each gives sound trials, or is refused by an error of this project.

The cases are the same in every run; a failure names its case, which ``damaged_rows`` makes anew.
"""

import random
import time
import tracemalloc
from functools import partial

import pytest

from signl.archives.members import normalise
from signl.corpora.asvspoof5 import parse_protocol
from signl.corpora.asvspoof5_signl import parse_reference_half
from signl.corpora.asvspoof2019 import parse_la_protocol
from signl.corpora.asvspoof2021 import parse_df_metadata
from signl.corpora.cfad import parse_members
from signl.corpora.in_the_wild import parse_meta
from signl.corpora.manifest import to_table
from signl.corpora.registry import CORPORA
from signl.corpora.trial_tables import MANIFEST_SCHEMA
from signl.labels import BONAFIDE, PARTITIONS, SPOOF

N_CASES = 280  # of each parser
SOURCE = "protocol.txt"
#: Damaged files have some hundreds of bytes, one case in some thousands.
MAX_HELD_BYTES = 4 << 20
MAX_SECONDS = 5
MAX_MESSAGE = 2000
FIELDS = (
    *("", "-", "--", "spoof", "bonafide", "bona-fide", "fake", "Spoof", "eval", "hidden", "trim"),
    *("A01", "A99", "C04", "C12", "9", "-1", "1e9", "AC3", "F", "MF", "nocodec", "low_mp3"),
    *("../x", "/etc/passwd", "a/b", "a\\b", ".", "..", "\0", "\ufeff", "\u2028", "é", "\U0001f600"),
    *("x" * 300, '"', '"a', 'a"b', ",", "|", "\r", "\t", " ", "LA_T_1000001", "0.wav"),
)


def rows_of(published):
    """Name of a parser -> separator of columns, rows, and the parser, which returns trials."""
    dev = list(parse_protocol(published.A5_DEV.encode(), "dev", partition="dev"))
    halved = "id|label|vocoder|language|speaker\n" + "".join(
        f"/ASVspoof5/dev/flac/{t.utterance_id}.flac|{'fake' if t.attack else 'bonafide'}|"
        f"{t.attack or 'bonafide'}|English|English\n"
        for t in dev[:9]
    )

    def parse_half(content, source):
        half = parse_reference_half(content, source, dev)
        return [trial for trial in dev if trial.utterance_id in half]

    def parse_names(content, source):
        names = content.decode("utf-8", "backslashreplace").split("\n")
        # What readers of archives make of names.
        return parse_members(
            (normalise(name or ".", source) for name in names), source, version="clean"
        )

    challenge = published.challenge_form(published.A5_DEV)
    return {
        "la": (" ", published.LA_TRAIN, partial(parse_la_protocol, partition="train")),
        "df": (" ", published.DF_METADATA, parse_df_metadata),
        "asvspoof5 train": (" ", published.A5_TRAIN, partial(parse_protocol, partition="train")),
        "asvspoof5 eval": (" ", published.A5_EVAL, partial(parse_protocol, partition="eval")),
        "asvspoof5 challenge": (" ", challenge, partial(parse_protocol, partition="dev")),
        "reference half": ("|", halved, parse_half),
        "in the wild": (",", published.WILD_META, parse_meta),
        "cfad": ("/", "\n".join(published.cfad_members()), parse_names),
    }


PARSERS = (
    *("la", "df", "asvspoof5 train", "asvspoof5 eval", "asvspoof5 challenge"),
    *("reference half", "in the wild", "cfad"),
)


def change_columns(chance, rows):
    """Exchange, take out, double or move columns of one row."""
    row = chance.choice(rows)
    at, value = chance.randrange(len(row)), chance.choice(FIELDS)
    match chance.randrange(5):
        case 0 | 1:
            row[at] = value
        case 2:
            row.insert(at, value)
        case 3 if len(row) > 1:
            del row[at]
        case _:
            row[at] = chance.choice(chance.choice(rows))


def change_rows(chance, rows):
    """Repeat, take out, empty or mix up rows."""
    at = chance.randrange(len(rows))
    match chance.randrange(5):
        case 0:
            rows.insert(at, list(chance.choice(rows)))
        case 1 if len(rows) > 1:
            del rows[at]
        case 2:
            rows[at] = [""]
        case 3:
            chance.shuffle(rows)
        case _:
            rows[:] = [list(row) for row in rows for _ in range(chance.choice((1, 1, 1, 40)))]


def change_bytes(chance, content):
    """Change bytes, line ends or the begin of the whole file."""
    at = chance.randrange(len(content) + 1)
    match chance.randrange(7):
        case 0:
            return content[:at] + chance.randbytes(chance.randint(1, 6)) + content[at:]
        case 1:
            return content[:at]
        case 2:
            return b"\xef\xbb\xbf" + content
        case 3:
            return content.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\n", b" \n")))
        case 4:
            return content.decode().encode(chance.choice(("utf-16", "utf-32-le", "utf-7")))
        case 5:
            return chance.randbytes(chance.randint(0, 400))
        case _:
            return content[:at] + chance.choice((b"\0", b"\xff", b"\xed\xa0\x80")) + content[at:]


def damaged_rows(parser, case, separator, text):
    """Return the content of a damaged protocol."""
    chance = random.Random(f"{parser} {case}")
    rows = [row.split(separator) for row in text.splitlines()]
    for _ in range(chance.randint(0, 3)):
        chance.choice((change_columns, change_columns, change_rows))(chance, rows)
    content = "".join(separator.join(row) + "\n" for row in rows).encode()
    return change_bytes(chance, content) if chance.random() < 0.4 else content


def check_sound(trials):
    """Check what all that comes after the parsers relies on."""
    table = to_table(trials)
    table.validate(full=True)
    assert table.schema == MANIFEST_SCHEMA
    assert len({trial.utterance_id for trial in trials}) == len(trials)
    assert len({trial.member for trial in trials}) == len(trials)
    sets = {archive_set.name for corpus in CORPORA.values() for archive_set in corpus.sets}
    for trial in trials:
        assert normalise(trial.member, SOURCE) == trial.member
        assert trial.archive in sets
        assert trial.partition in PARTITIONS
        assert trial.label in (BONAFIDE, SPOOF)
        assert trial.label == SPOOF or trial.attack is None
        assert bool(trial.protocols) == (trial.partition == "eval")


@pytest.fixture
def traced():
    """Memory is counted while the test runs."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("parser", PARSERS)
def test_rows_are_read_or_refused_in_bounds(published, parser):
    separator, text, parse = rows_of(published)[parser]
    n_refused = 0
    for case in range(N_CASES):
        content = damaged_rows(parser, case, separator, text)
        tracemalloc.reset_peak()
        begin, held = time.monotonic(), tracemalloc.get_traced_memory()[0]
        trials = []
        message = published.refusal(
            lambda content=content, trials=trials: trials.extend(parse(content, SOURCE))
        )
        assert tracemalloc.get_traced_memory()[1] - held < MAX_HELD_BYTES, case
        assert time.monotonic() - begin < MAX_SECONDS, case
        if message is None:
            check_sound(trials)
        else:
            assert message.startswith(SOURCE), (case, message)
            assert len(message) < MAX_MESSAGE, (case, message)
            n_refused += 1
    assert N_CASES // 10 < n_refused < N_CASES
