"""One playbook on many targets side by side.

members  which role names several targets, and each member's run, checked before anything is connected to
asking   their questions, one after the other, each with its target's name
running  the runs, so many at once, and the session of the whole
result   what came of each, and of all together
"""
