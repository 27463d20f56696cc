"""Training, inference and the engine: torch, no Qt."""
