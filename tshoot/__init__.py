"""tshoot: guided troubleshooting over SSH, from a symptom to a root cause with its proof."""

__version__ = "0.1.0"
