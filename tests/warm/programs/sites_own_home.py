# test: HOME={place}
import site, sys
print(site.ENABLE_USER_SITE, site.USER_SITE, site.USER_BASE, sys.path)
try:
    import of_the_user
    print(of_the_user.__file__)
except ImportError as error:
    print(error)
print(getattr(sys.modules.get("usercustomize"), "__file__", None), sorted(sys.path_importer_cache))
