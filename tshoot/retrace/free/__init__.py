"""Free sessions: commands that somebody typed, recorded by another program, without a playbook that asked.

playbook   what such a session holds in the place of a playbook
keeping    the recording as it is kept: without secrets
judged     what is in a recording: commands, devices, the verdict of the judges of pasted text (verdict)
importing  all of it to a session
rejudged   such a session judged again, by the same judges or by a playbook
typed_record, answers, roles   what a playbook asks, found among what was typed
"""
