"""From recorded events to tickets in the POS: booking, lanes, probes, outcomes."""
