"""The command line: one file per verb, one console for output."""
