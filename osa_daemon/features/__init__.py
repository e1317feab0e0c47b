"""Front end: blocks of sound become features at 5 Hz (Whisper encoder and band levels)."""
