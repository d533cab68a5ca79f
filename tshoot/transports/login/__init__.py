"""What logs in, and what a device is known by."""
