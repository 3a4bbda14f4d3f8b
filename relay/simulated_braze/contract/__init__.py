"""Braze's contract as the simulated Braze checks it, from Braze's pages alone."""
