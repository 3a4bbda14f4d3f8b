"""What an operator does with a stack that is up: brake it, look at it, ask after one delivery."""
