"""Requests a second: what `make bench-http` is made of."""
