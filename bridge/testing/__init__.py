"""What vendors test their adapter with: a fake POS, orders, a simulator, a conformance suite.

Import the modules by name: `bridge.testing.fake_pos`, `.orders`, `.simulator`, `.conformance`,
`.services`.
"""
