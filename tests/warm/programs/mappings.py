import re
names = {line.split(maxsplit=5)[5].strip() for line in open("/proc/self/maps") if len(line.split()) > 5}
print(*sorted(name for name in names if not re.search("heap|stack|vvar|vdso|vsyscall", name)), sep="\n")
