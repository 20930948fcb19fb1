# test: random
import tempfile
print(tempfile.mktemp())
