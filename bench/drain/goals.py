"""Goals: what a figure of a run has to be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """What the figure of this name has to be, at most or at least."""

    figure: str
    most: float = float("inf")
    least: float = float("-inf")

    def __str__(self) -> str:
        """Return it as a formula."""
        bound = f"≤ {self.most:g}" if self.most < float("inf") else f"≥ {self.least:g}"
        return f"{self.figure} {bound}"

    def is_met(self, figures: object) -> bool:
        """Return whether a run's figures reach it."""
        found = getattr(figures, self.figure)
        return found is not None and self.least <= found <= self.most
