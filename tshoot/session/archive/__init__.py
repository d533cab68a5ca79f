"""The archive: an index over all session folders below a root, for lists, searches and likenesses. A cache: the folders are the truth."""
