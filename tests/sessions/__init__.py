"""Session files: what they hold, how they are written, what is refused."""
