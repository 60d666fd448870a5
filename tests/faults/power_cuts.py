"""A disk as power cuts leave it: replays a trace of write_trace.cpp and makes what could be found afterwards.

What the model says of a cut, after Linux' file systems (ext4 and XFS with their defaults), at their worst:

- *Bytes of a file* that a finished fsync, fdatasync, syncfs or O_DSYNC covers are there. Of those that were written
  since, each sector of 512 bytes is there or not, alone; the size is any that the file had since. What is not
  there reads as before, or as zeros. sync_file_range promises nothing.
- *Names* in a directory that a finished fsync of it covers are as they were. Of what was done since, what was done
  first is there first, in each directory by itself (ext4 and XFS keep one order for all directories; other file
  systems do not). A rename between two directories happens in both or in none.
- Names and bytes know nothing of each other: a file may have its new name and none of its bytes. That an fsync of a
  new file also makes its name durable, as ext4 does, is not relied upon.
- A file system that is mounted below has its own `syncfs`.
"""
import os

SECTOR = 512


class Event:
    __slots__ = ("op", "numbers", "path", "names", "data")

    def __init__(self, op, numbers=(), path="", names=(), data=b""):
        self.op, self.numbers, self.path, self.names, self.data = op, numbers, path, names, data


def read_trace(path):
    """The records of a trace file."""
    with open(path, "rb") as file:
        raw = file.read()
    at, events = 0, []
    while at < len(raw):
        end = raw.index(b"\n", at)
        parts = raw[at:end].decode().split("\t")
        at, op = end + 1, parts[0]
        if op == "Y":
            events.append(Event(op, path=parts[1]))
            continue
        kind = parts.pop(3) if op == "C" else ""
        numbers = tuple(map(int, parts[1:]))
        sizes = {"W": numbers[2:], "A": numbers, "C": numbers[2:], "L": numbers[2:], "U": numbers[1:],
                 "R": numbers[1::2], "X": numbers[1::2]}.get(op, ())
        pieces = []
        for size in sizes:
            pieces.append(raw[at:at + size])
            at += size
        if op in "WA":
            events.append(Event(op, numbers, data=pieces[0]))
        else:
            events.append(Event(op, numbers, kind, tuple(map(os.fsdecode, pieces))))
    return events


class File:
    """Durable bytes, and what was written since: (offset, bytes), or (size,) where it was cut or lengthened."""

    def __init__(self):
        self.durable, self.pending, self.image = bytearray(), [], None

    def write(self, offset, data):
        self.pending.append((offset, data))
        self.image = None

    def truncate(self, size):
        self.pending.append((size,))
        self.image = None

    def sync(self):
        self.durable = self.whole()
        self.pending, self.image = [], None

    def sync_range(self, offset, size):
        """What was written last, at this place, is durable; all else is as it was."""
        place = max(i for i, one in enumerate(self.pending)
                    if len(one) == 2 and one[0] == offset and len(one[1]) == size)
        apply(self.durable, *self.pending.pop(place))
        self.image = None

    def whole(self):
        image = bytearray(self.durable)
        for one in self.pending:
            apply(image, *one)
        return image

    def after_cut(self, random):
        """The bytes after a cut, one of the many possible."""
        if not self.pending:
            return self.durable
        way = random.randrange(6)
        if way == 0:
            return self.durable
        if way == 1:
            return self.whole()
        image = bytearray(self.durable)
        if way == 2:  # in order, the last one torn
            count = random.randrange(len(self.pending) + 1)
            for one in self.pending[:count]:
                apply(image, *one)
            if count < len(self.pending):
                self.tear(image, self.pending[count], random, random.random())
            return image
        if way == 3:  # whole writes, any of them, in any order
            some = [one for one in self.pending if random.random() < 0.5]
            random.shuffle(some)
            for one in some:
                apply(image, *one)
            return image
        share = random.choice((0.1, 0.5, 0.9)) if way == 4 else random.choice((0.02, 0.98))
        for one in self.pending:
            self.tear(image, one, random, share)
        return image

    @staticmethod
    def tear(image, one, random, share):
        """Sectors of a write, each with this probability."""
        if len(one) == 1:
            if random.random() < share:
                apply(image, *one)
            return
        offset, data = one
        at = 0
        while at < len(data):
            end = min((offset + at) // SECTOR * SECTOR + SECTOR - offset, len(data))
            if random.random() < share:
                apply(image, offset + at, data[at:end])
            at = end


def apply(image, offset, data=None):
    if data is None:
        if len(image) > offset:
            del image[offset:]
        else:
            image.extend(bytes(offset - len(image)))
        return
    if len(image) < offset:
        image.extend(bytes(offset - len(image)))
    image[offset:offset + len(data)] = data


class Step:
    """What one operation does to one directory: names that lead elsewhere, or nowhere. A rename between two
    directories is a step of each; they share `key`, and each names the `other`."""
    __slots__ = ("changes", "other", "key")

    def __init__(self, changes, other=None, key=None):
        self.changes, self.other, self.key = changes, other, key

    def apply(self, names):
        for name, node in self.changes:
            if node is None:
                names.pop(name, None)
            else:
                names[name] = node


class Directory:
    def __init__(self):
        self.durable, self.live, self.pending = {}, {}, []

    def add(self, step):
        step.apply(self.live)
        self.pending.append(step)

    def sync(self, count=None):
        """The first steps are durable, and with a rename what was done before it in the other directory."""
        count = len(self.pending) if count is None else count
        done, self.pending = self.pending[:count], self.pending[count:]
        for step in done:
            step.apply(self.durable)
            if step.other is not None and (place := step.other.place_of(step.key)) is not None:
                step.other.sync(place + 1)

    def place_of(self, key):
        return next((i for i, step in enumerate(self.pending) if step.key is key), None)


class Symlink:
    pass


KINDS = {"f": File, "d": Directory, "l": Symlink}


class Disk:
    """`root` is the inode of the directory that was traced; `mounts` are paths below it that are file systems of their
    own."""

    def __init__(self, root, path, mounts=()):
        self.top, self.path, self.mounts = Directory(), path, mounts
        self.nodes = {root: self.top}

    def adopt(self, inode, name):
        """A directory at the top that was there before the trace."""
        node = Directory()
        self.nodes[inode] = node
        self.top.durable[name] = self.top.live[name] = node

    def play(self, event):
        op, n = event.op, event.numbers
        if op == "W":
            self.nodes[n[0]].write(n[1], event.data)
        elif op == "T":
            self.nodes[n[0]].truncate(n[1])
        elif op == "S":
            self.nodes[n[0]].sync()
        elif op == "D":
            self.nodes[n[0]].sync_range(n[1], n[2])
        elif op == "Y":
            self.sync_all(event.path)
        elif op == "C":
            self.nodes[n[1]] = KINDS[event.path]()
            self.nodes[n[0]].add(Step([(event.names[0], self.nodes[n[1]])]))
        elif op == "L":
            self.nodes[n[0]].add(Step([(event.names[0], self.nodes[n[1]])]))
        elif op == "U":
            self.nodes[n[0]].add(Step([(event.names[0], None)]))
        elif op in "RX":
            self.rename(self.nodes[n[0]], event.names[0], self.nodes[n[2]], event.names[1], op == "X")

    @staticmethod
    def rename(source, old, target, new, exchange):
        node, other = source.live[old], target.live[new] if exchange else None
        if source is target:
            return source.add(Step([(old, other), (new, node)]))
        key = object()
        source.add(Step([(old, other)], target, key))
        return target.add(Step([(new, node)], source, key))

    def sync_all(self, path):
        """syncfs: all of the file system on which the path lies."""
        mount = self.mount_of(path)
        for node, where in list(self.walk(self.top, self.path)):
            if self.mount_of(where) == mount and not isinstance(node, Symlink):
                node.sync()

    def mount_of(self, path):
        return next((one for one in self.mounts if path == one or path.startswith(one + "/")), None)

    def walk(self, directory, path):
        yield directory, path
        for name, node in list(directory.live.items()):
            if isinstance(node, Directory):
                yield from self.walk(node, f"{path}/{name}")
            else:
                yield node, f"{path}/{name}"

    def after_cut(self, random):
        """{path below the top: bytes, or None for a directory}, one of the many possible."""
        found = {}
        self.collect(self.top, "", self.names_after_cut(random), random, found, {})
        return found

    def whole(self):
        """The disk as the kernel shows it: what is there if nothing is cut."""
        return {path[len(self.path) + 1:]: None if isinstance(node, Directory) else bytes(node.whole())
                for node, path in self.walk(self.top, self.path) if path != self.path and not isinstance(node, Symlink)}

    def collect(self, directory, path, names, random, found, contents):
        for name, node in names(directory).items():
            where = f"{path}/{name}" if path else name
            if isinstance(node, Directory):
                found[where] = None
                self.collect(node, where, names, random, found, contents)
            elif isinstance(node, File):
                if id(node) not in contents:
                    contents[id(node)] = bytes(node.after_cut(random))
                found[where] = contents[id(node)]

    def names_after_cut(self, random):
        """For each directory, how many of its pending steps happened; renames in both directories or in none."""
        every = [node for node in self.nodes.values() if isinstance(node, Directory) and node.pending]
        way = random.randrange(4)
        count = {}
        for one in every:
            some = random.randrange(len(one.pending) + 1)
            count[one] = (0, len(one.pending), some, some)[way]
        changed = True
        while changed:
            changed = False
            for one in every:
                for i, step in enumerate(one.pending[:count[one]]):
                    place = step.other.place_of(step.key) if step.other is not None else None
                    if place is not None and place >= count[step.other]:
                        count[one], changed = i, True
                        break

        def names(directory):
            chosen = dict(directory.durable)
            for step in directory.pending[:count.get(directory, 0)]:
                step.apply(chosen)
            return chosen
        return names
