import neighbour, package.inner
print(neighbour.VALUE, neighbour.__file__, neighbour.__cached__, package.inner.__name__, package.__path__)
import missing_module
