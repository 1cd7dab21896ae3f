"""Mel-frequency cepstral coefficients as a front-end."""
