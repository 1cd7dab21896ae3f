"""SIGNL: spectral-temporal vision graphs against speech deepfakes, pre-trained without labels."""

from signl.interruption import quiet_interruption
from signl.surroundings import complete_environment

__version__ = "0.1.0"

# Before any library that this package works with is imported, for some look at once.
complete_environment()
quiet_interruption()
