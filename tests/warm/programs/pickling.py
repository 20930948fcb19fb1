import copy, pickle, dataclasses


@dataclasses.dataclass
class Point:
    x: int


print(pickle.loads(pickle.dumps(Point(3))), Point.__module__, copy.deepcopy(Point(4)), pickle.dumps(Point(1)))
