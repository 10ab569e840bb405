"""The worker: takes calls from a broker, holds those whose time has not come, and runs the others in a pool."""
