"""The proof: the three promises under every fault, by counting. See `python -m tests.proof -h`."""
