"""The errors that this package raises on purpose.

::

    SignlError
    ├── ConfigError      a wrong key or value in the configuration
    ├── ArchiveError     a published archive that is missing, damaged or hostile
    ├── ProtocolError    a row of a protocol that does not follow its published form
    ├── ManifestError    a manifest whose counts or trials are not what they must be
    ├── AudioError       an utterance that cannot be decoded
    ├── ArtefactError    a file of ours that is damaged or made by something else
    ├── TrainingError    a training whose loss is not a number
    └── ScoreError       scores that do not match their trials, or are not numbers
"""


class SignlError(Exception):
    """Base of all errors that this package raises on purpose."""


class ConfigError(SignlError):
    """A wrong key or value in the configuration."""


class ArchiveError(SignlError):
    """A published archive that is missing, damaged or hostile."""


class ProtocolError(SignlError):
    """A row of a protocol that does not follow its published form."""


class ManifestError(SignlError):
    """A manifest whose counts or trials are not what they must be."""


class AudioError(SignlError):
    """An utterance that cannot be decoded."""


class ArtefactError(SignlError):
    """A file of ours that is damaged or was made by something else."""


class TrainingError(SignlError):
    """A training whose loss is not a finite number."""


class ScoreError(SignlError):
    """Scores that do not match their trials, or that are not numbers."""
