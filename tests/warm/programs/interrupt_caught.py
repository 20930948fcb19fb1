import os, signal
try:
    signal.raise_signal(signal.SIGINT)
    signal.pause()
except KeyboardInterrupt:
    print("caught")
