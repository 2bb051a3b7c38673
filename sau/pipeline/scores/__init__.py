"""How well each image fits its text, by CLIP."""
