"""Alerts: which conditions hold, which of them may be told, and which one stands.

Words as in IEC 60601-1-8: a physiological alarm condition is of the sleeper (a pause, a cluster,
the index), a technical one of the equipment; a latching alert stays after its condition, until it
is acknowledged. No conformity with that standard is claimed.
"""
