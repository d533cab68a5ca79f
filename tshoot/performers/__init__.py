"""Performers: one file an effect. The only place where what goes wrong in the world becomes `Failed`."""
