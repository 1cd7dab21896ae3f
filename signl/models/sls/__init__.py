"""SLS: hidden states, each with a gate that follows from its mean frame."""
