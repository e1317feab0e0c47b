"""Bedside daemon that hears pauses in breathing sound and reports them over MQTT.

Sound goes one way through the rooms: `audio` → `features` → `detector` → `scoring` →
`journal` → `publish`; `service` wires them, `settings` describes what a user may set,
`training` makes the model files off the Pi.
"""

__version__ = "0.1.0"
