"""SIGNL: spectral-temporal vision graphs against speech deepfakes, pre-trained without labels."""

__version__ = "0.1.0"
