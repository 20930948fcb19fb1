# The network, and what else is reached through sockets.


def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as stream:
        stream.settimeout(5)
        stream.connect(address)
        if stream.recv(5) != b"hello":
            raise ConnectionError(errno.EPROTO, "somebody else")


@check
def reach_a_tcp_listener():
    connect(socket.AF_INET, ("127.0.0.1", FACTS["tcp"]))


@check
def reach_the_servers_own_port():
    with socket.create_connection(("127.0.0.1", FACTS["server_port"]), 5) as stream:
        stream.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        if not stream.recv(4).startswith(b"HTTP"):
            raise ConnectionError(errno.EPROTO, "somebody else")


@check
def reach_tcp_with_the_first_packet():
    # TCP Fast Open connects without connect(2).
    with socket.socket() as stream:
        stream.sendto(b"x", 0x20000000, ("127.0.0.1", FACTS["tcp"]))


@check
def listen_on_tcp():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()


@check
def send_udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("127.0.0.1", FACTS["udp"]))


@check
def open_a_netlink_socket():
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()


@check
def open_a_raw_socket():
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()


@check
def open_a_packet_socket():
    socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0).close()


@check
def reach_an_abstract_socket():
    connect(socket.AF_UNIX, "\0" + FACTS["abstract"])


@check
def reach_a_socket_with_a_path():
    # As a container engine's is one.
    connect(socket.AF_UNIX, FACTS["outside"] + "/engine.sock")


@check
def send_a_datagram_to_a_path():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", FACTS["outside"] + "/log.sock")


@check
def send_from_half_of_a_pair_to_a_path():
    half, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with half, other:
        half.sendmsg([b"x"], [], 0, FACTS["outside"] + "/log.sock")


