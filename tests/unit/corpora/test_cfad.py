import pytest
from hypothesis import given
from hypothesis import strategies as st

from signl.corpora.cfad import CfadOptions, parse_members
from signl.corpora.trials import Trial
from signl.errors import ProtocolError

FAKE = "CFAD/clean_version/test_unseen_clean/fake_clean/world/SSB1_world.wav"
REAL = "CFAD/clean_version/train_clean/real_clean/aishell1/BAC009S0764W0123.wav"


def parse(*names, version="clean"):
    return list(parse_members(names, "CFAD.zip", version=version))


def test_folders_tell_partition_label_and_method():
    real, fake = parse(FAKE, REAL)
    assert fake == Trial(
        utterance_id=FAKE,
        archive="CFAD",
        member=FAKE,
        partition="eval",
        protocols=("unseen", "all"),
        label="spoof",
        attack="world",
        subset="test_unseen",
    )
    assert (real.partition, real.label, real.attack) == ("train", "bonafide", None)
    assert (real.source, real.protocols) == ("aishell1", ())


def test_versions_are_kept_apart(published):
    names = published.cfad_members()
    for version in ("clean", "noisy", "codec"):
        trials = parse(*names, version=version)
        assert len(trials) == 12
        assert all(f"/{version}_version/" in trial.member for trial in trials)
    with pytest.raises(ValueError, match="'clean', 'noisy' or 'codec'"):
        CfadOptions(version="loud")


def test_order_does_not_depend_on_that_of_the_archive(published):
    names = sorted(published.cfad_members())
    assert parse(*names) == parse(*reversed(names))
    assert [trial.subset for trial in parse(*names)][::3] == [
        "train",
        "dev",
        "test_seen",
        "test_unseen",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "CFAD/clean_version/a.wav",
        "CFAD/clean_version/train_clean/a.wav",
        "CFAD/clean_version/train_clean/real_clean/a.wav",
        "CFAD/clean_version/train_noise/real_clean/aishell1/a.wav",
        "CFAD/clean_version/train/real/aishell1/a.wav",
        "CFAD/clean_version/test_clean/real_clean/aishell1/a.wav",
        "CFAD/clean_version/train_clean/false_clean/gl/a.wav",
        "CFAD/clean_version/train_clean/real_clean/aishell1/deeper/a.wav",
    ],
)
def test_members_outside_the_published_tree_are_refused(name):
    with pytest.raises(ProtocolError, match=r"CFAD\.zip: member .* does not lie in") as caught:
        parse(REAL, name)
    assert repr(name) in str(caught.value)


def test_a_member_is_there_once():
    with pytest.raises(ProtocolError, match="is there twice"):
        parse(REAL, FAKE, REAL)


def test_files_that_are_not_audio_are_passed_over():
    assert len(parse(REAL, "CFAD/clean_version/readme.txt", "CFAD/x.wav", "readme")) == 1


parts = st.sampled_from(["CFAD", "clean_version", "train_clean", "real_clean", "gl", "a.wav", ""])


@given(st.lists(st.lists(parts, max_size=8).map("/".join), max_size=5))
def test_any_names_give_trials_or_our_error(published, names):
    message = published.refusal(lambda: parse(*names))
    if message is None:
        assert {trial.member for trial in parse(*names)} <= set(names)
    else:
        assert "CFAD.zip: member" in message
