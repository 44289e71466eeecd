"""The parts of the dashboard that `generate` writes: a module for each row, and what they share."""
