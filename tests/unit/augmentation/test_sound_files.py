from signl.augmentation.sound_files import find_sounds


def test_sounds_are_found_below_too_in_one_order(tmp_path):
    for name in ("b/z.WAV", "b/a.flac", "a.mp3", "b.ogg", ".hidden.wav", "readme.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = [path.relative_to(tmp_path).as_posix() for path in find_sounds(tmp_path)]
    assert found == ["a.mp3", "b.ogg", "b/a.flac", "b/z.WAV"]
