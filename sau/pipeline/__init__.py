"""The stages of the pipeline, a folder each: files in, files out, one thin function."""
