"""The dead letter queue in a person's hands: `relay dead-letters` and `relay held`."""

from relay.letters.commands_dead import dead
from relay.letters.commands_held import held

__all__ = ["dead", "held"]
