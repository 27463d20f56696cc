"""Published and exact figures beside this program's own: `python -m tests.numbers`."""
