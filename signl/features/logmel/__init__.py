"""The log-mel spectrogram as a front-end."""
