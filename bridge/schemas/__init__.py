"""What the bridge speaks, described for programs: JSON files that `document` writes."""
