"""Recordings that other programs made of a terminal, to lines with times: `recorded.read_recording` is the way in; told apart by content.

asciicast           asciinema's v2 and v3
typescript, timing  script(1), with or without its timing file
terminal_log        PuTTY, SecureCRT and their like; plain text with prompts
typed, typed_piece  every line by the command that it answers
dates               days, years and zones of these commands
"""
