import warnings
warnings.warn("own")
warnings.warn("old", DeprecationWarning)
print("%s" % ("\d" == 1))
open("/dev/null")
print(warnings.filters)
