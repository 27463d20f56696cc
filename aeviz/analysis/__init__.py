"""Questions asked of latents and models: one file per question, no Qt."""
