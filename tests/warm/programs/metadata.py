import importlib.metadata, importlib.util, pkgutil
print(sorted(str(found.metadata["Name"]) for found in importlib.metadata.distributions()))
print(importlib.util.find_spec("sitecustomize"), importlib.util.find_spec("json").origin)
print(sorted(found.name for found in pkgutil.iter_modules())[:50])
