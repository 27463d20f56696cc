"""What a process with a window needs around it: a screen, crash logs, garbage, signals."""
