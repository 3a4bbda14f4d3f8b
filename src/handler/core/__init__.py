"""The pure part: values in, values out; no clock, environment, network or log."""
