"""What the flow index says of the ways between hosts, one question a file: detect/path.py asks them all."""
