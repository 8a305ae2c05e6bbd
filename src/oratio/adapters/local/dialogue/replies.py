"""What a turn ends in."""

from typing import NamedTuple


class BuiltinReply(NamedTuple):
    """What to say, and what it rests on.

    Attributes:
        text: Said to the caller as it is.
        answered: False only where something asked was not answered; then there are no passages.
        passage_ids: Passages it quotes.
        step_ids: Plan steps that shaped it.
    """

    text: str
    answered: bool = True
    passage_ids: tuple[str, ...] = ()
    step_ids: tuple[str, ...] = ()
