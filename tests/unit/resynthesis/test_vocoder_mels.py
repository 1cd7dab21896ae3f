import numpy as np
import pytest
import torch
import torchaudio
from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

from signl.resynthesis.vocoder.mel_options import MelOptions
from signl.resynthesis.vocoder.vocoder_mels import VocoderMels


@pytest.fixture
def waveform(vowel):
    return torch.from_numpy(vowel(140, 0.3) + 0.01 * np.random.default_rng(0).random(4800))


def test_hifi_gan_form_is_that_of_another_library(waveform):
    found = VocoderMels(MelOptions())(waveform)
    # Reflected samples, and no centred windows, as in the code of HiFi-GAN.
    padded = np.pad(waveform.numpy(), 384, mode="reflect")
    bank = mel_filter_bank(513, 80, 0.0, 8000.0, 22_050, norm="slaney", mel_scale="slaney")
    expected = spectrogram(
        padded,
        window_function(1024, "hann"),
        frame_length=1024,
        hop_length=256,
        power=1.0,
        center=False,
        mel_filters=bank,
        mel_floor=1e-5,
        log_mel="log",
    )
    assert found.shape == (80, 18)
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-3)


def test_vocos_form_is_that_of_torchaudio(waveform):
    form = MelOptions(
        sample_rate_hz=24_000,
        n_mels=100,
        high_hz=None,
        scale="htk",
        norm=None,
        floor=1e-7,
        epsilon=0.0,
        centre=True,
    )
    theirs = torchaudio.transforms.MelSpectrogram(
        24_000, n_fft=1024, hop_length=256, n_mels=100, power=1
    )
    expected = theirs(waveform.float()).clamp_min(1e-7).log()
    torch.testing.assert_close(VocoderMels(form)(waveform).float(), expected, atol=1e-3, rtol=1e-3)


def test_powers_logarithms_and_short_windows(waveform):
    plain = {"epsilon": 0.0, "window": 512, "centre": True}
    ln = VocoderMels(MelOptions(**plain))(waveform)
    torch.testing.assert_close(VocoderMels(MelOptions(**plain, log="db"))(waveform), ln * 8.6858896)
    ten = VocoderMels(MelOptions(**plain, log="log10"))(waveform)
    torch.testing.assert_close(10**ten, ln.exp())
    theirs = torchaudio.transforms.MelSpectrogram(
        *(22_050, 1024, 512, 256), f_max=8000.0, n_mels=80, mel_scale="slaney", norm="slaney"
    )
    power = VocoderMels(MelOptions(**plain, power=2))(waveform).exp()
    expected = theirs(waveform.float()).double().clamp_min(1e-5)
    torch.testing.assert_close(power, expected, atol=1e-4, rtol=1e-3)


def test_what_is_short_is_filled_up():
    mels = VocoderMels(MelOptions())(torch.ones(1, dtype=torch.float64))
    assert mels.shape == (80, 4)
    assert torch.isfinite(mels).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"window": 2048}, "window is 2048; allowed is at most n_fft, 1024"),
        ({"hop": 2000}, "hop is 2000; allowed is at most window, 1024"),
        ({"high_hz": 12_000.0}, "allowed is at most half of sample_rate_hz, 11025"),
        ({"low_hz": 9000.0}, "low_hz is 9000; allowed is less than 8000"),
    ],
)
def test_what_makes_no_sense_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        MelOptions(**values)
