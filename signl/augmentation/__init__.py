"""Changes of waveforms, by kind: what a training may do to each utterance that it reads."""
