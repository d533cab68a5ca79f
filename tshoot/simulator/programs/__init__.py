"""Stand-ins for a device's programs: run by file in their own interpreter, standard library only."""
