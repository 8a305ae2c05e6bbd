"""A stand-in for Bedrock's bidirectional stream with Nova Sonic behind it: HTTP/2 over TLS, event-stream frames.

It speaks by a script; what it cannot know of the real service (the order of some events, its pauses) is written down
in docs/voice.md.
"""

from tests.fakes.nova.script import NovaFault, NovaTurn
from tests.fakes.nova.server import NovaFake

__all__ = ["NovaFake", "NovaFault", "NovaTurn"]
