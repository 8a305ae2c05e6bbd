"""Speech on this machine: recognition and synthesis in worker processes, with weights that ship in packages."""

from oratio.speech.local.provider import LocalSpeech

__all__ = ["LocalSpeech"]
