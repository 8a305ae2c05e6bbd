"""Sentences. Agents need them too and may import agentkit alone, so the code is there and the name is here."""

from oratio.agentkit.sentences import ends, sentences, spans

__all__ = ["ends", "sentences", "spans"]
