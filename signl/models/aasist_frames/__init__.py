"""The back-end of AASIST on frames of a front-end."""
