"""What rows say, and what is wrong with them: row, column, value, and what is allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signl.corpora.table.table_rows import problems_message, reading_of
from signl.corpora.trials import Trial
from signl.errors import ProtocolError
from signl.labels import PARTITIONS

ALL_COLUMNS = "path,label,partition,utterance_id,attack,speaker,codec,language,protocol\n"


def told(parsed):
    return [str(problem) for problem in parsed.problems]


def test_every_column_has_its_place_in_a_trial(parsed):
    found = parsed(f"{ALL_COLUMNS}x/a.wav,spoof,eval,u1,A01,S1,mp3,de,seen;hard\n")
    assert found.trials == [
        Trial(
            utterance_id="u1",
            archive="table-mine",
            member="x/a.wav",
            partition="eval",
            protocols=("all", "seen", "hard"),
            label="spoof",
            attack="A01",
            speaker="S1",
            codec="mp3",
            language="de",
        )
    ]
    assert (found.problems, found.unused, found.n_rows) == ([], [], 1)


def test_path_and_label_suffice(parsed):
    (trial,) = parsed("label,path\nBonafide, ./x//a.wav \n").trials
    assert (trial.utterance_id, trial.member, trial.label) == ("x/a.wav", "x/a.wav", "bonafide")
    assert (trial.partition, trial.attack, trial.speaker) == ("", None, None)


def test_columns_and_words_are_as_the_options_say(parsed):
    found = parsed(
        "file,class,set,note\na.wav,0,Test,x\nb.wav,1,training,y\n",
        columns={"path": "file", "label": "class", "partition": "set"},
        labels={0: "spoof", 1: "bonafide"},
        partitions={"training": "train", "test": "eval"},
    )
    assert [(trial.label, trial.partition) for trial in found.trials] == [
        ("spoof", "eval"),
        ("bonafide", "train"),
    ]
    assert found.unused == ["note"]


def test_a_path_below_the_audio_may_be_written_whole(parsed, tmp_path):
    text = f"path,label\n{tmp_path}/wavs/x/a.wav,spoof\n{tmp_path}/other/b.wav,spoof\n"
    found = parsed(text, audio=str(tmp_path / "wavs"))
    assert [trial.member for trial in found.trials] == ["x/a.wav"]
    assert told(found) == [
        f"row 3, column path: '{tmp_path}/other/b.wav'; allowed is a path below the audio"
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("../a.wav,spoof,eval,u1,A01,S1,,,", "column path: '../a.wav'; allowed is a path below"),
        (",spoof,eval,u1,A01,S1,,,", "column path: ''; allowed is the path of a recording"),
        (".DS_Store,spoof,eval,u1,,,,,", "column path: '.DS_Store'; allowed is the path of a rec"),
        ("a.wav,genuine,eval,u1,,,,,", "column label: 'genuine'; allowed is one of bonafide, spo"),
        ("a.wav,,eval,u1,,,,,", "column label: ''; allowed is a label, for the row is of eval"),
        ("a.wav,,dev,u1,,,,,", "column label: ''; allowed is a label, for the row is of dev"),
        ("a.wav,spoof,test,u1,,,,,", "column partition: 'test'; allowed is one of train, dev, ev"),
        ("a.wav,spoof,,u1,,,,,", "column partition: ''; allowed is one of train, dev, eval"),
        ("a.wav,spoof,eval,,,,,,", "column utterance_id: ''; allowed is printable text"),
        ("a.wav,bonafide,eval,u1,A01,,,,", "column attack: 'A01'; allowed is nothing, or -, of b"),
        ("a.wav,,train,u1,A01,,,,", "column attack: 'A01'; allowed is nothing, or -, of a row wi"),
        ("a.wav,spoof,eval,u1,,S\x1b1,,,", "column speaker: 'S\\x1b1'; allowed is printable text"),
        ("a.wav,spoof,eval,u1,,,,,Seen", "column protocol: 'Seen'; allowed is names of small le"),
        ("z.wav,spoof,eval,u1,,,,,", "column path: 'z.wav'; allowed is each once, and it stands"),
        ("a.wav,spoof,eval,u0,,,,,", "column utterance_id: 'u0'; allowed is each once, and it st"),
        ("a.wav,spoof,eval", "3 cells'; allowed is 9 cells"),
    ],
)
def test_a_cell_that_cannot_be_used_is_named(parsed, row, words):
    found = parsed(f"{ALL_COLUMNS}z.wav,spoof,eval,u0,A01,S1,,,\n{row}\n")
    (problem,) = told(found)
    assert problem.startswith("row 3")
    assert words in problem
    assert len(found.trials) == 1


def test_a_row_may_be_without_a_label_in_train_alone(parsed):
    found = parsed("path,label,partition\na.wav,,train\nb.wav,-,train\nc.wav,spoof,dev\n")
    assert [trial.label for trial in found.trials] == ["unlabelled", "unlabelled", "spoof"]


@pytest.mark.parametrize("attack", ["", "-", "bonafide", "bona-fide"])
def test_the_attack_of_bona_fide_speech_may_say_that_there_is_none(parsed, attack):
    (trial,) = parsed(f"path,label,attack\na.wav,bonafide,{attack}\n").trials
    assert trial.attack is None


def test_all_problems_are_counted_and_the_first_shown(parsed):
    rows = "".join(f"{number}.wav,genuine,A\n" for number in range(30))
    found = parsed(f"path,label,attack\nok.wav,spoof,A\n{rows}")
    lines = problems_message(found, "mine.csv").split("\n")
    assert lines[0] == "mine.csv: 30 problems in 30 of 31 rows"
    assert lines[1].startswith("  row 3, column label: 'genuine'; allowed is one of bonafide,")
    assert (len(lines), lines[-1]) == (12, "  ... and 20 more")


@pytest.mark.parametrize(
    ("header", "given", "words"),
    [
        ("file,label", {}, "has no column path, but file, label; name the one that says it: colu"),
        ("path,class", {}, "has no column label"),
        ("path,label,path", {}, "has 2 columns 'path'"),
        (
            "path,label",
            {"columns": {"speaker": "who"}},
            "columns.speaker is 'who'; allowed are the columns of mine.csv: path, label",
        ),
    ],
)
def test_a_column_that_is_not_there_is_named(parsed, header, given, words):
    with pytest.raises(ProtocolError) as refused:
        parsed(f"{header}\n", **given)
    assert words in str(refused.value)


def test_a_table_that_divides_itself_is_not_divided(parsed, options_of):
    found = parsed("path,label,partition\na.wav,spoof,eval\nb.wav,,train\n")
    reading = reading_of(found, options_of(), "mine.csv")
    assert [(trial.member, trial.protocols) for trial in reading.trials] == [
        ("b.wav", ()),
        ("a.wav", ("all",)),
    ]
    assert (reading.absent_partitions, reading.notes) == (("dev",), {"split": "as the table says"})
    for options in ({"shares": {"eval": 1.0}}, {"split_by": "speaker"}):
        with pytest.raises(ProtocolError, match="has a column partition, and the options have"):
            reading_of(found, options_of(**options), "mine.csv")


cells = st.sampled_from(
    ["a.wav", "b/c.wav", "../x", "/x", "spoof", "bonafide", "", "-", "train", "eval", "\x1b", "A1"]
)


@given(st.lists(st.lists(cells, min_size=2, max_size=4), max_size=8))
def test_every_row_is_a_trial_or_has_a_problem(parsed, rows):
    text = "path,label,partition\n" + "".join(",".join(row) + "\n" for row in rows)
    found = parsed(text)
    assert len(found.trials) + len({problem.row for problem in found.problems}) == found.n_rows
    assert all(trial.partition in PARTITIONS and trial.member for trial in found.trials)
    assert len({trial.member for trial in found.trials}) == len(found.trials)
    assert all(str(problem).isprintable() for problem in found.problems)
