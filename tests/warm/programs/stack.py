import inspect, sys, traceback


def inside():
    traceback.print_stack()
    for frame in inspect.stack():
        print(frame.filename, frame.lineno, frame.function, frame.code_context)
    frame, depth = sys._getframe(), 0
    while frame:
        frame, depth = frame.f_back, depth + 1
    print(depth, len(sys._current_frames()))


inside()
print(sys.exc_info(), getattr(sys, "last_value", "none"))
