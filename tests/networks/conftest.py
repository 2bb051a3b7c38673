from tests.tiny_tower import open_clip_folder

__all__ = ["open_clip_folder"]
