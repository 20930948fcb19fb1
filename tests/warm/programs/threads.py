import os, threading
print(threading.main_thread(), threading.current_thread() is threading.main_thread())
main = threading.main_thread()
print(main.native_id == threading.get_native_id() == os.getpid(), main.ident == threading.get_ident())
print(threading.active_count(), threading.stack_size(), threading.get_native_id() == os.getpid())
seen = []
workers = [threading.Thread(target=lambda: seen.append(threading.get_native_id())) for _ in range(8)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(len(seen), os.getpid() in seen)
local = threading.local()
local.x = 1
print(local.x, threading.Event().wait(0.001), threading.Lock().acquire(timeout=0.1))
threading.Thread(target=lambda: print("not waited for by name, but by the interpreter")).start()
