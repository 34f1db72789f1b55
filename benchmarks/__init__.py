"""Each figure beside its ceiling, measured in the same run: `make bench`."""
