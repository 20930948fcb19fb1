# test: random
import secrets
print(secrets.token_hex())
