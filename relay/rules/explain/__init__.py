"""`relay rules explain`: the rules' evaluation of one event, operand by operand."""
