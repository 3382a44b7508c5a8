"""The runtime's commands, from `run` to `dead`. Light to import; eventlet and kombu load inside a run."""
