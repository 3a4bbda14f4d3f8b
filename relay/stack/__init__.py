"""The local stack: the very template, deployed into an emulator on 127.0.0.1."""
