"""Files that people send, made ours."""
