from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
import math

if __name__ == "__main__":
    with ThreadPoolExecutor(4) as pool:
        print(list(pool.map(math.factorial, range(10))))
    with ProcessPoolExecutor(2) as pool:
        print(list(pool.map(math.factorial, range(10))))
