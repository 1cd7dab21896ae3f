"""The embedded corpora: synthetic voices, attacks on them, and archives in the published layouts.

Nothing here is speech of people, and error rates on it say nothing beyond that the pipeline
works. From the reading of the archives on, the workflow treats them as it treats the real ones.
"""
