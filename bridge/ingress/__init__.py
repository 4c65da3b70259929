"""The side that answers the ordering platform: guard, auth, decode, gate, record, answer."""
