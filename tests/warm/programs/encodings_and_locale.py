import locale, os, sys, time
print(sys.getdefaultencoding(), sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
print(locale.getlocale(), locale.setlocale(locale.LC_ALL), locale.getpreferredencoding(), locale.localeconv())
print(os.fsencode("\udcff"), "\u00e4".encode("latin-1"), time.tzname, time.timezone, time.localtime(0))
print(locale.setlocale(locale.LC_ALL, ""))
