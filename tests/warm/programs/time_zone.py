# test: TZ=XYZ-9
import datetime, os, time
print(os.environ.get("TZ"), time.tzname, time.localtime(0), datetime.datetime.fromtimestamp(0))
