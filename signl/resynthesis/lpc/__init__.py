"""Linear prediction with a made excitation."""
