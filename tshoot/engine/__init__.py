"""The engine: a pure fold over events. No I/O, no clock, no screen."""
