import multiprocessing, os


def work(number):
    return number * number, multiprocessing.current_process().name.split("-")[0]


if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            print(method, sorted(pool.map(work, range(4))))
        queue = context.Queue()
        process = context.Process(target=queue.put, args=("put",))
        process.start()
        print(queue.get())
        process.join()
        print(process.exitcode, multiprocessing.parent_process())
