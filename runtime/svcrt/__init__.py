"""The runtime of svcgen: what generated services and clients run on."""
