"""What an operator lets an agent know, unheard by the caller: how it is put into the system prompt, and read there."""

from collections.abc import Sequence

GUIDANCE = (
    "A human colleague listens to this conversation and lets you know the following. The caller does not hear it: act "
    "on it in your next answers, and do not mention it."
)


def guided(prompt: str, guidance: Sequence[str]) -> str:
    """The system prompt with the guidance at its end."""
    if not guidance:
        return prompt
    return "\n".join((prompt, "", GUIDANCE, *(f"- {' '.join(text.split())}" for text in guidance)))


def guidance_of(prompt: str) -> list[str]:
    """The guidance in a system prompt that `guided` made."""
    _, found, rest = prompt.rpartition(GUIDANCE)
    return [line.removeprefix("- ") for line in rest.strip().splitlines()] if found else []
