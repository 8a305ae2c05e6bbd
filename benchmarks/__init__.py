"""Measurements of what Oratio promises about speed and quality; `python -m benchmarks [name ...]` runs them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        target: What it should be at most, or at least when `at_least`; None is for information.
        note: What was measured, on what.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    note: str = ""
    at_least: bool = False

    @property
    def ratio(self) -> float | None:
        """Value to target, so that 1 or less is good; None without a target."""
        if self.target is None or not self.target or not self.value:
            return None
        return self.target / self.value if self.at_least else self.value / self.target
