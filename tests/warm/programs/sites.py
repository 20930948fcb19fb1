import site, sys, sysconfig
print(site.ENABLE_USER_SITE, site.USER_SITE, site.USER_BASE, site.PREFIXES, site.getsitepackages())
print(sysconfig.get_paths(), sysconfig.get_platform(), sys.base_prefix, quit, copyright.__class__, help)
print("sitecustomize" in sys.modules, "usercustomize" in sys.modules)
print(getattr(sys.modules.get("sitecustomize"), "__file__", None), sys.modules.get("sitecustomize"))
