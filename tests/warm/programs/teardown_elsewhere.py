import abc, builtins, codecs, json, os, sys, threading


class Witness:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("gone", self.name)


os.witness, json.witness, sys.witness = Witness("os"), Witness("json"), Witness("sys")
builtins.witness, threading.witness = Witness("builtins"), Witness("threading")
codecs.witness, os.environ.witness = Witness("codecs"), Witness("os.environ")
abc.ABC.witness, os._Environ.witness = Witness("abc.ABC"), Witness("os._Environ")


def with_state():
    pass


with_state.witness, with_state.itself = Witness("function"), with_state
os.function = with_state
looped = [Witness("list")]
looped.append(looped)
os.environ.looped = looped
