"""What each ordering platform says on the wire, turned into `bridge.model` and back."""
