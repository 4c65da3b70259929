"""The whole bridge in one thread: its real parts on a clock, a disk and a wire that are made up.

Import `sim.loop` and call `take_over` before anything of the bridge is imported.
"""
