"""What may be run on which kind of device, and how to capture there: one YAML file a platform, read by `loader`."""
