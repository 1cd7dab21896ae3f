import pytest

from signl.corpora.copied_names import (
    copied_archive,
    is_copied,
    of_partition,
    split_copied,
    split_partition,
)


@pytest.mark.parametrize("partition", ["train", "dev"])
@pytest.mark.parametrize("archive", ["CFAD", "flac_T_aa.tar", "an@archive", "made@dev"])
def test_what_stands_in_a_path_tells_what_it_was_made_of(archive, partition):
    resynthesis = of_partition("made", partition)
    assert split_partition(resynthesis) == ("made", partition)
    text = copied_archive(archive, "cfad", resynthesis)
    assert split_copied(text) == (archive, "cfad", resynthesis)
    assert is_copied(text)


def test_copies_of_train_have_the_name_of_the_resynthesis_alone():
    assert of_partition("made", "train") == "made"
    assert split_copied("CFAD@cfad@made") == ("CFAD", "cfad", "made")
    assert not is_copied("CFAD")
