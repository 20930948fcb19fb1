# Files: the server's, other executions', and what else lies on the disk.


def read(path):
    with open(path, "rb") as file:
        file.read(1)


@check
def read_a_secret():
    read(FACTS["outside"] + "/secret")


@check
def read_a_public_file():
    read(FACTS["outside"] + "/public")


@check
def list_a_directory():
    os.listdir(FACTS["outside"])


@check
def see_a_files_size_and_times():
    os.stat(FACTS["outside"] + "/public")


@check
def write_a_new_file():
    path = FACTS["outside"] + "/open/new"
    with open(path, "w"):
        os.unlink(path)


@check
def write_to_an_own_file():
    with open(FACTS["outside"] + "/own", "a"):
        pass


@check
def change_the_mode_of_an_own_file():
    os.chmod(FACTS["outside"] + "/own", 0o666)


@check
def change_the_times_of_an_own_file():
    os.utime(FACTS["outside"] + "/own", (1, 1))


@check
def list_var_lib():
    os.listdir("/var/lib")


@check
def read_the_database():
    read(FACTS["data_dir"] + "/ringback.db")


@check
def read_the_key_of_secrets():
    read(FACTS["data_dir"] + "/secrets.key")


@check
def write_to_the_data_directory():
    path = FACTS["data_dir"] + "/new"
    with open(path, "w"):
        os.unlink(path)


@check
def list_other_executions():
    found = os.listdir(os.path.dirname(FACTS["other_directory"]))
    if not any(entry in FACTS["other_directory"] for entry in found):
        raise NotVisible


@check
def read_the_code_of_another_execution():
    read(FACTS["other_directory"] + "/main.sh")


@check
def write_to_another_execution():
    path = FACTS["other_directory"] + "/work/new"
    with open(path, "w"):
        os.unlink(path)


@check
def change_the_mode_of_another_execution():
    os.chmod(FACTS["other_directory"], 0o700)


