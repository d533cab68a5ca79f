"""Pasted terminal text (a session log, a mail, debug lines) to its root cause, citing the lines of the file.

text, screen    bytes to lines: encodings, bounds, what a terminal would show
prompts, pieces lines to pieces: who was asked what, and what was answered on which lines
commands        abbreviations written out by the patterns of the platforms
reading         pieces to facts by the platforms' parsers, or by the shape of the output
judge/          one file a family: facts to findings, pure
analysis        all of it, and the verdict
"""
