import numpy as np


def test_a_room_is_a_convolution_whose_direct_sound_stays_in_place(make, write_sound, rng):
    # Direct sound at sample 2, its echo 3 later at -0.5, something faint before.
    folder = write_sound("room.wav", np.array([0.0, 0.25, 0.5, 0.0, 0.0, -0.25]))
    samples = np.array([0.0, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0])
    heard = make("reverberation", folder=folder)(samples, rng)
    # By hand: 0.4 at 1, half of it a sample earlier, minus half three later; energy 0.4 ** 2.
    scale = 0.4 / np.linalg.norm([0.2, 0.4, 0.2])
    np.testing.assert_allclose(heard, scale * np.array([0.2, 0.4, 0, 0, -0.2, 0, 0]), atol=1e-9)


def test_the_first_channel_is_taken_at_16_khz(make, write_sound, rng):
    response = np.zeros((480, 2))
    response[30, 0], response[:, 1] = 0.5, 0.1
    folder = write_sound("room.wav", response, rate_hz=48_000)
    click = np.zeros(1000)
    click[500] = 1.0
    heard = make("reverberation", folder=folder)(click, rng)
    assert heard.argmax() == 500
    assert np.sum(heard[495:506] ** 2) > 0.99


def test_silence_stays_silent(make, write_sound, rng):
    folder = write_sound("room.wav", np.zeros(10))
    augment = make("reverberation", folder=folder)
    assert augment(np.array([0.1, 0.2]), rng).tolist() == [0.1, 0.2]
    assert augment(np.zeros(4), rng).tolist() == [0.0] * 4
