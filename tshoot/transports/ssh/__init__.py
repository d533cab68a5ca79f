"""Connections by paramiko: the way there, the login, channels, commands and files."""
