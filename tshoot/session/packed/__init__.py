"""A session as one file, `NAME.tshoot`: a tar of a few plain files, compressed with zstd. See docs/session-format.md.

`ustar` and `manifest` know the form, `export` writes, `unpack` reads; nothing of tarfile, which follows what a hostile archive says.
"""
