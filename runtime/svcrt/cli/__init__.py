"""The runtime's commands, from `run` to `dead`. Light to import; eventlet and py-amqp load inside a run."""
