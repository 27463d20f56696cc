"""The session file `.aeviz`: what a window shows of a run; numpy and the standard library only."""
