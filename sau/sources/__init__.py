"""Readers of images from folders and tables, shared by the dataset and the images stage."""
