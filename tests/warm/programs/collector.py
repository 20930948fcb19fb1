import gc
print("counts", gc.get_count())
print("counts frozen", gc.get_freeze_count())
print("collections find", gc.collect(), gc.collect())
print("collections", gc.get_stats())
print(gc.isenabled(), gc.get_threshold(), gc.get_debug(), gc.garbage, gc.callbacks)


class Node:
    pass


for _ in range(1000):
    node = Node()
    node.itself = node
print(gc.collect(), gc.collect(), len([one for one in gc.get_objects() if isinstance(one, Node)]))
names = {getattr(one, "__module__", None) for one in gc.get_objects()}
print("sitecustomize" in names)
