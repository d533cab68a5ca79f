"""What the flow index says of TCP's own troubles, one a file: detect/tcp.py asks them all."""
