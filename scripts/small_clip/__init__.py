"""A small CLIP for one's own classes, where no pretrained weights are at hand."""
