"""What everything stands on: errors, progress, random streams; no idea of images or classes."""
