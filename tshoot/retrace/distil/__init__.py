"""From commands that somebody typed in a session to a draft playbook with its scenario: steps (what was asked), names, draft, scenario."""
