import time
began = float(open("/proc/self/stat").read().rpartition(")")[2].split()[19]) / 100
now = time.clock_gettime(time.CLOCK_BOOTTIME)
print(-0.02 < now - began < 2, 0 < time.process_time() < 1, sum(__import__("os").times()[:2]) < 1)
