"""Trainings on a CUDA device; skipped without one."""
