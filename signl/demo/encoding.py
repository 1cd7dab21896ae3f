"""Encode waveforms as the published archives hold them: FLAC, 16-bit WAV, 32-bit float WAV."""

import io
import struct
import wave

import numpy as np
import soundfile
from numpy.typing import NDArray

from signl.demo.dsp import SAMPLE_RATE_HZ, Waveform

#: Where the 36 bits of STREAMINFO's total samples begin: after ``fLaC``, the header of the
#: block, and 108 bits of it (RFC 9639, section 8.2); their upper 4 share a byte.
TOTAL_SAMPLES_BYTE = 21
WAVE_FORMAT_IEEE_FLOAT = 3


def to_pcm16(waveform: Waveform) -> NDArray[np.int16]:
    """Round a waveform in -1..1 to 16 bits, clipping what lies outside."""
    return np.clip(np.round(waveform * 32768), -32768, 32767).astype(np.int16)


def flac_bytes(waveform: Waveform, *, streamed: bool = False) -> bytes:
    """Encode as 16-bit mono FLAC.

    Parameters
    ----------
    waveform : ndarray of shape (sample,)
        At 16 kHz, in -1..1.
    streamed : bool
        Leave the number of samples unknown, as an encoder that writes into a pipe does.
    """
    buffer = io.BytesIO()
    soundfile.write(buffer, to_pcm16(waveform), SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    encoded = bytearray(buffer.getvalue())
    if streamed:
        encoded[TOTAL_SAMPLES_BYTE] &= 0xF0
        encoded[TOTAL_SAMPLES_BYTE + 1 : TOTAL_SAMPLES_BYTE + 5] = bytes(4)
    return bytes(encoded)


def wav_bytes(waveform: Waveform) -> bytes:
    """Encode as 16-bit mono WAV."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE_HZ)
        writer.writeframes(to_pcm16(waveform).astype("<i2").tobytes())
    return buffer.getvalue()


def float_wav_bytes(waveform: Waveform) -> bytes:
    """Encode as 32-bit float mono WAV, of the 16-bit values that were recorded."""
    # Not by libsndfile, which stamps the time into float WAVs.
    samples = (to_pcm16(waveform) / np.float32(32768)).astype("<f4").tobytes()
    form = struct.pack(
        "<HHIIHHH", WAVE_FORMAT_IEEE_FLOAT, 1, SAMPLE_RATE_HZ, 4 * SAMPLE_RATE_HZ, 4, 32, 0
    )
    chunks = b"".join(
        struct.pack("<4sI", name, len(content)) + content
        for name, content in (
            (b"fmt ", form),
            (b"fact", struct.pack("<I", len(samples) // 4)),
            (b"data", samples),
        )
    )
    return struct.pack("<4sI4s", b"RIFF", 4 + len(chunks), b"WAVE") + chunks
