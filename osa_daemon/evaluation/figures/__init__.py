"""The figures of an evaluation: from judged nights to plain numbers, one noun a module."""
