"""The run folder and nothing else: numpy, safetensors and the standard library, no torch."""
