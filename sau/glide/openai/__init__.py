"""GLIDE as OpenAI published it: checkpoints and vocabulary, brought into our networks."""
