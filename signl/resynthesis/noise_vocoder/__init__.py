"""Noise with the energies of bands."""
