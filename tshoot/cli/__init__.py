"""The command line: one file a verb; `output` alone writes stdout, `diagnostics` alone writes stderr."""
