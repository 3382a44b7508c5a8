"""What all benchmarks share: broker, environments of the peers, processes, rounds, goals, reports. Not in the wheel."""
