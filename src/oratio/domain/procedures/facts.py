"""Facts of a flow: what a procedure needs to know, with type, choices, question and source lines."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from oratio.domain.refs import Value

type Line = Annotated[int, Field(ge=1)]
type Lines = tuple[Line, ...]
type Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]


class FactType(StrEnum):
    """Value types of facts."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    AMOUNT = "amount"
    DATE = "date"
    TIME = "time"
    DURATION = "duration"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    PHONE = "phone"
    EMAIL = "email"
    IDENTIFIER = "identifier"


class Origin(StrEnum):
    """Where the value of a fact comes from."""

    CALLER = "caller"
    OPERATION = "operation"
    COMPUTED = "computed"


class Choice(Value):
    """One value of a choice fact.

    Attributes:
        value: What conditions compare with: snake_case, unique in the fact.
        label: How it is said to the caller, in the SOP's words.
        synonyms: Other words for it that the SOP gives.
    """

    value: Name
    label: str
    synonyms: tuple[str, ...] = ()


class Validation(Value):
    """Limits of a value. Numbers are inclusive, in the fact's unit or currency."""

    minimum: float | None = None
    maximum: float | None = None
    digits: int | None = None
    starts_with: str | None = None


class Fact(Value):
    """Something a procedure needs to know.

    Attributes:
        name: Unique in the flow; a Python identifier.
        label: Noun phrase for it without article, in the SOP's language: `amount of the loan`.
        question: The operator's own question, said as it is; None if the runtime words one from `label`.
        whether: For a boolean without own question: the clause after `whether` in the caller's view, such as
            `the power light is on`.
        asks: Indirect question with its question word in the caller's view: `how many sandwiches you want`.
        pattern: Regular expression of an identifier, if the SOP describes its form.
        hint: The SOP's words on the form or purpose: `starts with PX and has ten digits`.
        unit: Of a number or duration: `days`, `percent`, `GB`.
        lines: SOP lines that speak of it, first where it is asked.
    """

    name: Name
    label: str
    type: FactType = FactType.TEXT
    choices: tuple[Choice, ...] = ()
    pattern: str | None = None
    hint: str | None = None
    currency: str | None = None
    unit: str | None = None
    question: str | None = None
    whether: str | None = None
    asks: str | None = None
    validation: Validation | None = None
    sensitive: bool = False
    origin: Origin = Origin.CALLER
    lines: Lines = ()


type Comparison = Literal["eq", "ne", "lt", "le", "gt", "ge"]
