# test: random
import uuid
print(uuid.uuid4())
