"""Pasted terminal text (a session log, a mail, debug lines) to its root cause, citing the lines of the file.

text, screen                  bytes to lines: encodings, bounds, what a terminal would show
times, zones                  what a line tells of the time, and in which zone
prompts, logs, pieces         lines to pieces: who was asked what and when, what was answered on which lines; log lines apart
commands, hosts, joints       abbreviations written out; which platform a host is; wrapped commands, answers without prompts between
reading                       pieces to facts by the platforms' parsers, or by the shape of the output
judge/                        one file a family: facts to findings, pure; their parts in bgp/ and ndp/
analysis                      all of it, and the verdict
"""
