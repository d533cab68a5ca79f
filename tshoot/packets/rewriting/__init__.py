"""The parts of `packets/rewrite.py`: one file a protocol. Each starts from zeros and copies or maps what it understands: the rest stays zero."""
