"""Charts of the page: queue, attempts and Braze's budget over the last minutes."""
