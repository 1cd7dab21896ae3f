"""The encoder of Whisper as a front-end."""
