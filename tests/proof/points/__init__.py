"""Fail points: every await and every listed write of the modules that carry an order has a name.

They are put in while a module is imported, by whoever asks for it. Without that they are not there.
"""
