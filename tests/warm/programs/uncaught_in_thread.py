import threading

thread = threading.Thread(target=lambda: [][1], name="crasher")
thread.start()
thread.join()
