"""The encoder of BYOL-A: three convolutions on a log-mel spectrogram, and a layer of each frame."""
