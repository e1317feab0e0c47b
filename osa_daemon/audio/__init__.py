"""Sources of sound: files and microphones become blocks of 16 kHz mono."""
