"""Reports of one session: one neutral model (model.py), built from the log alone (build.py), and one file a format that only renders it."""
