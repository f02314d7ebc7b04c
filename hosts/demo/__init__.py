"""A believable country for `make run`: made-up people at real ZIP codes. Demo mode only."""
