# test: random
import ssl
print(ssl.RAND_bytes(8))
