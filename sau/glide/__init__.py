"""GLIDE text-to-image on diffusers: text encoder, tokens, respaced time steps and pipeline."""
