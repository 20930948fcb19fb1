import sys
events = []
sys.settrace(lambda frame, event, value: events.append((event, frame.f_code.co_name)))
(lambda: 1)()
sys.settrace(None)
print(events)
def audit(event, arguments):
    if event == "open" and "marker" in str(arguments[0]):
        print(event, arguments)
sys.addaudithook(audit)
try:
    open("marker")
except OSError as error:
    print(error)
