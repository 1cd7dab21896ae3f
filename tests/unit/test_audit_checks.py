import pytest

from signl import stages
from signl.audit_checks import check_artefact
from signl.errors import ArtefactError


def test_a_file_that_no_stage_makes_is_refused(tmp_path):
    path = tmp_path / "results" / "labels" / "notes.txt"
    with pytest.raises(ArtefactError, match=r"notes\.txt is no file that sample_labels makes"):
        check_artefact(path, stages.LABELS)


def test_a_damaged_table_is_refused_with_the_cure(tmp_path):
    path = tmp_path / "results" / "labels" / "cfad" / "seed-1" / "labels-5.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(ArtefactError, match=r"not a whole table.*--force results/labels/cfad"):
        check_artefact(path, stages.LABELS)
