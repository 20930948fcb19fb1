import gc, sys
texts = [one for one in gc.get_objects() if type(one) is dict and "RINGBACK_ZYGOTE_FD" in one]
print(texts, [name for name in sys.modules if "zygote" in name])
print([one for one in gc.get_objects() if "zygote" in str(getattr(one, "__file__", ""))])
import os, threading
print([name for name in os.environ if "RINGBACK" in name], threading.enumerate())
