from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from signl.seeds import shard_names
from signl.shards import by_archive


@given(st.dictionaries(st.sampled_from(["DF", "LA", "flac_T"]), st.integers(1, 30)), st.randoms())
def test_paths_are_grouped_by_archive_in_the_order_of_shards(n_shards, random):
    expected = {
        archive: [Path("results", archive, f"{shard}.parquet") for shard in shard_names(number)]
        for archive, number in n_shards.items()
    }
    paths = [str(path) for of_one in expected.values() for path in of_one]
    random.shuffle(paths)
    assert by_archive(paths) == expected
