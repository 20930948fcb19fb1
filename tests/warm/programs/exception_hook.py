import sys
sys.excepthook = lambda kind, value, trace: print("hooked", kind, value, trace.tb_lineno, trace.tb_next)
raise ValueError("x")
