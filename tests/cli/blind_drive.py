"""A file system that tells no case apart, as exFAT does: a folder, mounted once more through /dev/fuse. For root only.

python3 blind_drive.py FOLDER MOUNT TYPE serves it until it is unmounted, and says "mounted" first.
"""
import ctypes
import errno
import os
import stat
import struct
import sys

(LOOKUP, FORGET, GETATTR, SETATTR, MKDIR, UNLINK, RMDIR, RENAME, LINK, OPEN, READ, WRITE, STATFS, RELEASE, FSYNC, FLUSH,
 INIT, OPENDIR, READDIR, RELEASEDIR, FSYNCDIR, CREATE, INTERRUPT, DESTROY, BATCH_FORGET, RENAME2) = (
     1, 2, 3, 4, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 25, 26, 27, 28, 29, 30, 35, 36, 38, 42, 45)
NO_REPLACE, EXCHANGE = 1, 2
BILLION = 10 ** 9


def name_in(data):
    return data.split(b"\0")[0]


def attributes(status):
    times = (status.st_atime_ns, status.st_mtime_ns, status.st_ctime_ns)
    return struct.pack("<6Q10I", status.st_ino, status.st_size, status.st_blocks, *(t // BILLION for t in times),
                       *(t % BILLION for t in times), status.st_mode, status.st_nlink, status.st_uid, status.st_gid, 0,
                       4096, 0)


class Blind:
    """Requests by number; linux/fuse.h has their layout."""

    def __init__(self, folder):
        self.paths, self.nodes = {1: os.fsencode(folder)}, {}

    def found(self, parent, name):
        folder = self.paths[parent]
        for one in os.listdir(folder):
            if one.lower() == name.lower():
                return os.path.join(folder, one)
        return os.path.join(folder, name)

    def entry(self, path):
        status = os.lstat(path)
        node = self.nodes.setdefault(status.st_ino, len(self.nodes) + 2)
        self.paths[node] = path
        return struct.pack("<4Q2I", node, 0, 0, 0, 0, 0) + attributes(status)

    def attribute_answer(self, node):
        return struct.pack("<Q2I", 0, 0, 0) + attributes(os.lstat(self.paths[node]))

    def set_attributes(self, node, data):
        valid, _, _, size, _, accessed, modified, _, accessed_ns, modified_ns, _, mode = struct.unpack_from("<2I6Q4I", data)
        path = self.paths[node]
        if valid & 1:
            os.chmod(path, stat.S_IMODE(mode))
        if valid & 8:
            os.truncate(path, size)
        if valid & 0x30:
            now = os.lstat(path)
            os.utime(path, ns=(accessed * BILLION + accessed_ns if valid & 0x10 else now.st_atime_ns,
                               modified * BILLION + modified_ns if valid & 0x20 else now.st_mtime_ns))
        return self.attribute_answer(node)

    def rename(self, parent, data, flags, names):
        old, new = names.split(b"\0")[:2]
        source, target = self.found(parent, old), self.found(data, new)
        if os.path.lexists(target) and target != source:
            if flags & NO_REPLACE:
                raise OSError(errno.EEXIST, "")
            if flags & EXCHANGE:
                raise OSError(errno.EINVAL, "")
            os.unlink(target)
        target = os.path.join(self.paths[data], new)
        os.rename(source, target)
        self.entry(target)

    def listing(self, node, offset, room):
        answer = b""
        for number, name in enumerate([b".", b"..", *sorted(os.listdir(self.paths[node]))]):
            status = os.lstat(os.path.join(self.paths[node], name))
            entry = struct.pack("<2Q2I", status.st_ino, number + 1, len(name), status.st_mode >> 12) + name
            entry += bytes(-len(entry) % 8)
            if number >= offset:
                if len(answer) + len(entry) > room:
                    break
                answer += entry
        return answer

    def answer(self, kind, node, data):
        if kind == INIT:
            return struct.pack("<4I2H2I2H8I", 7, 31, 1 << 16, 0, 12, 9, 1 << 17, 1, 32, 0, *[0] * 8)
        if kind == LOOKUP:
            return self.entry(self.found(node, name_in(data)))
        if kind == GETATTR:
            return self.attribute_answer(node)
        if kind == SETATTR:
            return self.set_attributes(node, data)
        if kind == MKDIR:
            path = self.found(node, name_in(data[8:]))
            os.mkdir(path)
            return self.entry(path)
        if kind == CREATE:
            path = self.found(node, name_in(data[16:]))
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            return self.entry(path) + struct.pack("<Q2I", handle, 1, 0)
        if kind in (UNLINK, RMDIR):
            (os.unlink if kind == UNLINK else os.rmdir)(self.found(node, name_in(data)))
            return b""
        if kind in (RENAME, RENAME2):
            parent, flags = struct.unpack_from("<QI", data) if kind == RENAME2 else (*struct.unpack_from("<Q", data), 0)
            self.rename(node, parent, flags, data[16 if kind == RENAME2 else 8:])
            return b""
        if kind in (OPEN, OPENDIR):
            flags = os.O_RDWR if kind == OPEN else os.O_RDONLY
            return struct.pack("<Q2I", os.open(self.paths[node], flags), 1 if kind == OPEN else 0, 0)
        if kind == READ:
            handle, offset, size = struct.unpack_from("<2QI", data)
            return os.pread(handle, size, offset)
        if kind == WRITE:
            handle, offset, size = struct.unpack_from("<2QI", data)
            return struct.pack("<2I", os.pwrite(handle, data[40:40 + size], offset), 0)
        if kind == READDIR:
            _, offset, size = struct.unpack_from("<2QI", data)
            return self.listing(node, offset, size)
        if kind in (RELEASE, RELEASEDIR):
            os.close(struct.unpack_from("<Q", data)[0])
            return b""
        if kind == STATFS:
            return struct.pack("<5Q10I", 1 << 24, 1 << 23, 1 << 23, 1 << 20, 1 << 20, 4096, 255, 4096, *[0] * 7)
        if kind in (FSYNC, FSYNCDIR, FLUSH):
            return b""
        raise OSError(errno.EPERM if kind == LINK else errno.ENOSYS, "")


def main(folder, mount, kind):
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0"
    if libc.mount(b"blind", os.fsencode(mount), kind.encode(), 0, options.encode()) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    print("mounted", flush=True)
    blind = Blind(folder)
    while True:
        try:
            request = os.read(device, 1 << 20)
        except OSError as error:
            if error.errno in (errno.EINTR, errno.ENOENT):
                continue
            break  # unmounted
        length, kind, unique, node = struct.unpack_from("<2I2Q", request)
        if kind in (FORGET, BATCH_FORGET, INTERRUPT):
            continue
        try:
            answer, code = b"" if kind == DESTROY else blind.answer(kind, node, request[40:length]), 0
        except OSError as error:
            answer, code = b"", -error.errno
        os.write(device, struct.pack("<IiQ", 16 + len(answer), code, unique) + answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
