import numpy as np


def test_silent_frames_at_the_ends_are_cut_and_others_stay(make, rng):
    # Frames of 320 samples: 0.009 is 40.9 dB below 1, 0.011 is 39.2 dB below.
    levels = [0.0, 0.009, 0.011, 1.0, 0.0, 0.5, 0.009]
    samples = np.repeat(levels, 320) * np.tile([1.0, -1.0], 7 * 160)
    found = make("silence")(np.append(samples, [0.0, 0.0]), rng)
    np.testing.assert_array_equal(found, samples[640:1920])
    assert len(make("silence", below_db=60)(samples, rng)) == 6 * 320


def test_what_is_loud_to_its_end_or_nothing_but_silence_stays(make, rng):
    loud = np.full(700, 0.5)
    np.testing.assert_array_equal(make("silence")(loud, rng), loud)
    assert len(make("silence")(np.zeros(700), rng)) == 700
    assert make("silence")(np.array([0.3]), rng).tolist() == [0.3]
