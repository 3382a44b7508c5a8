"""The runtime's commands: `run`, `call`, `emit` and `shell`. Light to import; eventlet and kombu load inside a run."""
