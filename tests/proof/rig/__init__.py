"""Real processes on real sockets, and what is done to them."""
