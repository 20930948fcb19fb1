# test: random
import uuid
print(uuid.uuid1())
