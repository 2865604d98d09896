"""What is told while it goes on; the results are files, so a reader who has gone is no reason to end."""
import os
import sys


def say(text, stream=None):
    stream = stream or sys.stdout
    try:
        print(text, file=stream, flush=True)
    except OSError:  # what it still holds would fail again when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
