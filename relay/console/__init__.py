"""Shared by all commands: command groups, options, tables, formats, interrupts."""
