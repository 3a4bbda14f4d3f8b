"""`relay doctor`: checks of a deployed stack and of its Braze workspaces."""
