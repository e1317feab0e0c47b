"""Publishers: MQTT with Home Assistant discovery."""
