"""What every command uses: groups of commands, options, tables, words."""
