# SPDX-License-Identifier: BSD-2-Clause
"""A peer of the collector that speaks the wire format itself, so that it can
also misspeak it. The layouts are those of include/sigshim/wire.h."""
import array
import os
import socket
import struct
import time

MAGIC, VERSION = 0x6D696853, 1
HELLO, WELCOME, EVENT, MODULE, LOSS, BYE = range(1, 7)
RING, SOCKET = 0, 1
MSG = 65536


def frame(kind, body, size=None, fixed=None):
    """A frame with a header that says the truth, unless told otherwise."""
    actual = 8 + len(body)
    return struct.pack("=IHH", actual if size is None else size, kind, actual if fixed is None else fixed) + body


def hello(transport=SOCKET, magic=MAGIC, version=VERSION, pid=None, instance=None):
    pid = os.getpid() if pid is None else pid
    instance = int.from_bytes(os.urandom(8), "little") if instance is None else instance
    return frame(HELLO, struct.pack("=IIiiQQQQQQQIBBBBHHI", magic, version, pid, pid, instance, 0, time.monotonic_ns(),
                                    0, 0, 0, 0, 0, 2, transport, 0, 1, 64, 12, 1 << 8))


def event(seq=1, number=1, nargs=3, copied=0, npcs=0, stack_end=2, flags=0, args=(0, 0, 0), tail=b"", thread=1, **wrong):
    """By default a correct sigprocmask(SIG_BLOCK, NULL, NULL)."""
    pid = os.getpid()
    fixed = struct.pack("=HBBHBBiIiiQQQqQQQQII", number, nargs, copied, npcs, stack_end, flags, pid, thread, pid, 0, seq,
                        time.monotonic_ns(), 1, 0, 0, 0, 0, 0, 0, 0)
    rest = struct.pack(f"={len(args)}Q", *args) + tail
    return frame(EVENT, fixed + rest, wrong.get("size"), wrong.get("fixed", 8 + len(fixed)))


class Peer:
    """A connection."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(path)
        self.socket.settimeout(300)

    def send(self, data):
        """False when the collector has hung up."""
        try:
            self.socket.send(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def welcome(self):
        """(refusal, ring size, transport, descriptor or None); None when hung up."""
        try:
            data, control, _, _ = self.socket.recvmsg(MSG, socket.CMSG_SPACE(4))
        except ConnectionResetError:
            return None
        if len(data) < 32:
            return None
        _, kind, _, _, refusal, size, transport = struct.unpack("=IHHIIQB", data[:25])
        assert kind == WELCOME
        fds = array.array("i")
        for _, _, payload in control:
            fds.frombytes(payload[:4])
        return refusal, size, transport, fds[0] if fds else None

    def hung_up(self):
        """Waits until the collector hangs up."""
        try:
            while self.socket.recv(MSG):
                pass
            return True
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def close(self):
        self.socket.close()
