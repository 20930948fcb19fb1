# test: random
import random
print(random.random())
