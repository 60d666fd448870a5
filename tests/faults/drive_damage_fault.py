"""Random damage on backup drives: verification finds all of it, at the right MiB, and nothing else; repair brings back
every copy of which a piece of each chunk is intact somewhere, and says of the others that they are lost.

The oracle knows the drives as they were. A round damages one or both drives of a pair, verifies, repairs, verifies.
"""
import hashlib
import os
import random
import shutil
import unittest

from fault import SEED, Fault, main, pattern, rounds, tell

MIB = 1 << 20
BLOCK = 4096
NO = 1
SHIM = os.environ["DALIL_BAD_SECTORS"]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write_keeping_times(path, content):
    times = os.stat(path)
    with open(path, "wb") as file:
        file.write(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder)
                  for at, _, names in os.walk(folder) for name in names)


def chunks(size):
    return max(1, -(-size // MIB))


def wrong_chunks(good, now):
    """Chunks that differ, or exist on one side only."""
    return {i for i in range(max(chunks(len(good)), chunks(len(now))))
            if good[i * MIB:(i + 1) * MIB] != now[i * MIB:(i + 1) * MIB]
            or (i >= chunks(len(good))) != (i >= chunks(len(now)))}


def reported_chunks(ranges):
    return {i for one in ranges for i in range(one["offset"] // MIB, (one["offset"] + max(1, one["size"]) - 1) // MIB + 1)}


class Damager:
    """Damages a drive at random, one file by one kind of damage."""

    KINDS = ("flip", "zero", "cut", "longer", "swap", "rename", "delete", "add")

    def __init__(self, choose, folder):
        self.choose, self.folder = choose, folder
        self.left = files_below(folder)
        self.moved, self.added = {}, set()
        self.done = {kind: 0 for kind in self.KINDS}

    def at(self, path):
        return os.path.join(self.folder, path)

    def pick(self):
        return self.left.pop(self.choose.randrange(len(self.left)))

    def damage(self, kind):
        self.done[kind] += 1
        getattr(self, kind)()

    def change(self, change):
        while True:
            path = self.pick()
            before = read(self.at(path))
            if before:
                return write_keeping_times(self.at(path), change(bytearray(before)))

    def flip(self):
        def change(content):
            content[self.choose.randrange(len(content))] ^= 1 << self.choose.randrange(8)
            return content
        self.change(change)

    def zero(self):
        def change(content):
            for _ in range(self.choose.randrange(1, 4)):
                first = self.choose.randrange(-(-len(content) // BLOCK)) * BLOCK
                content[first:first + BLOCK] = bytes(len(content[first:first + BLOCK]))
            return content
        self.change(change)

    def cut(self):
        self.change(lambda content: content[:self.choose.randrange(len(content))])

    def longer(self):
        self.change(lambda content: content + self.choose.randbytes(self.choose.randrange(1, 9000)))

    def swap(self):
        one, two = self.pick(), self.pick()
        if read(self.at(one)) != read(self.at(two)):
            a, b = read(self.at(one)), read(self.at(two))
            write_keeping_times(self.at(one), b)
            write_keeping_times(self.at(two), a)

    def rename(self):
        path = self.pick()
        os.rename(self.at(path), self.at(path + ".renamed"))
        self.moved[path] = path + ".renamed"

    def delete(self):
        os.remove(self.at(self.pick()))

    def add(self):
        name = f"added-{len(self.added)}"
        with open(self.at(name), "wb") as file:
            file.write(self.choose.randbytes(1000))
        self.added.add(name)


class DriveDamage(Fault):
    def setUp(self):
        super().setUp()
        self.make_archive()
        self.drives = {name: os.path.join(self.dir, name) for name in ("one", "two")}
        for i in range(60):
            self.write(f"d{i % 5}/f{i:02}.jpg", pattern(1 + 331 * i * i, i))
        for i in range(3):
            self.write(f"v/{i}.mp4", self.random.randbytes(3 * MIB + 100_000 * i + i))
        self.write("d0/same.bin", pattern(2 * MIB, 77))
        self.write("d1/same.bin", pattern(2 * MIB, 77))
        self.write("empty", b"")
        self.scan("--no-metadata")
        for folder in self.drives.values():
            os.mkdir(folder)

    def back_up(self):
        arguments = [argument for name, folder in self.drives.items() for argument in ("--to", folder, "--volume", name)]
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, *arguments)
        self.good = {path: read(os.path.join(self.tree, path)) for path in files_below(self.tree)}

    def payload(self, name):
        return os.path.join(self.drives[name], "data/disk")

    def verify(self, name, expect, env=None, *more):
        return self.dalil("verify", self.drives[name], "--volume", name, "--json", *more, expect=expect, env=env)

    def wrong(self, name, damager):
        """What the oracle says: path to chunks that are wrong; None for what is missing."""
        found = {}
        for path, good in self.good.items():
            full = os.path.join(self.payload(name), path)
            if not os.path.exists(full):
                found[path] = None
            elif (now := read(full)) != good:
                found[path] = wrong_chunks(good, now)
        return found

    def check_verdicts(self, name, damager, wrong):
        verdicts = {one["path"].removeprefix("data/disk/"): one
                    for one in self.verify(name, NO if wrong.keys() - damager.moved.keys() else 0).of("verdict")}
        expected = set(wrong) | {one for one in damager.added}
        self.assertEqual(set(verdicts) - set(damager.moved.values()), expected)
        for path, chunk_numbers in wrong.items():
            one = verdicts[path]
            if path in damager.moved:
                self.assertIn(one["verdict"], ("moved", "renamed"), one)
            elif chunk_numbers is None:
                # Gone, unless a file of the same content newly came to lie there.
                self.assertIn(one["verdict"], ("missing", "moved"), one)
            else:
                self.assertIn(one["verdict"], ("corrupt", "changed"), one)
                self.assertEqual(reported_chunks(one["ranges"]), chunk_numbers, one)
        for path in damager.added:
            self.assertEqual(verdicts[path]["verdict"], "extra")
        return len(expected)

    def can_be_mended(self, path, own, other):
        """A lower bound: each chunk is intact in some file at a place of this item."""
        good = self.good[path]
        places = [os.path.join(folder, one) for folder in (own, other) for one, content in self.good.items()
                  if content == good]
        have = [read(place) for place in places if os.path.exists(place)]
        return all(any(one[i * MIB:(i + 1) * MIB][:len(good) - i * MIB] == good[i * MIB:(i + 1) * MIB] for one in have)
                   for i in range(chunks(len(good))))

    def mend(self, name, damager, wrong):
        other = "two" if name == "one" else "one"
        mendable = {path for path in wrong if path not in damager.moved
                    and self.can_be_mended(path, self.payload(name), self.payload(other))}
        before = {path: read(os.path.join(self.payload(name), path)) for path in wrong
                  if os.path.exists(os.path.join(self.payload(name), path))}
        process = self.start("repair", self.drives[name], "--volume", name, "--from", f"{other}={self.drives[other]}",
                             "--json")
        out, err = process.communicate(timeout=300)
        self.assertIn(process.returncode, (0, 1, 3), err)
        after = self.wrong(name, damager)
        self.assertFalse(mendable & set(after), "could have been mended")
        for path in after:  # left as it was
            full = os.path.join(self.payload(name), path)
            self.assertEqual(read(full) if os.path.exists(full) else None, before.get(path))
        return len(set(wrong) - set(after)), len(set(after) - set(damager.moved))

    def test_damage_is_found_where_it_is_and_mended(self):
        self.back_up()
        kept = {name: folder + ".kept" for name, folder in self.drives.items()}
        for name, folder in self.drives.items():
            shutil.copytree(folder, kept[name], copy_function=shutil.copy2)
        self.keep_pristine()
        found = mended = lost = 0
        kinds = {kind: 0 for kind in Damager.KINDS}
        for number in range(rounds(4, 400)):
            choose = random.Random(SEED + number)
            both = number % 2 == 1
            damagers, wrong = {}, {}
            for name in ("one", "two") if both else ("one",):
                damagers[name] = Damager(choose, self.payload(name))
                for _ in range(choose.randrange(4, 12)):
                    damagers[name].damage(choose.choice(Damager.KINDS))
                wrong[name] = self.wrong(name, damagers[name])
            for name, damager in damagers.items():
                found += self.check_verdicts(name, damager, wrong[name])
                for kind, count in damager.done.items():
                    kinds[kind] += count
            for name, damager in damagers.items():
                more, less = self.mend(name, damager, self.wrong(name, damager))
                mended, lost = mended + more, lost + less
            for name, folder in self.drives.items():
                shutil.rmtree(folder)
                shutil.copytree(kept[name], folder, copy_function=shutil.copy2)
            self.restore()
            if number % 50 == 49 or number + 1 == rounds(4, 400):
                tell(rounds=number + 1, found=found, mended=mended, lost=lost, **kinds)

    def test_sealed_objects(self):
        sealed = os.path.join(self.dir, "sealed")
        os.mkdir(sealed)
        self.dalil("backup", "disk", "--folder", "disk=" + self.tree, "--to", sealed, "--volume", "sealed", "--sealed")
        objects = os.path.join(sealed, "objects")
        good = {path: read(os.path.join(objects, path)) for path in files_below(objects)}
        self.drives["sealed"] = sealed
        found = 0
        for number in range(rounds(4, 400)):
            choose = random.Random(SEED + 10_000 + number)
            damager = Damager(choose, objects)
            for _ in range(choose.randrange(3, 9)):
                damager.damage(choose.choice(("flip", "zero", "cut", "longer", "swap", "delete")))
            wrong = {path: wrong_chunks(content, read(os.path.join(objects, path)))
                     if os.path.exists(os.path.join(objects, path)) else None for path, content in good.items()}
            wrong = {path: where for path, where in wrong.items() if where is None or where}
            verdicts = {one["path"].removeprefix("objects/"): one
                        for one in self.verify("sealed", NO, None, "--no-record").of("verdict")}
            self.assertEqual({path for path, one in verdicts.items() if one["verdict"] != "extra"}, set(wrong))
            for path, where in wrong.items():
                if where is None:
                    self.assertIn(verdicts[path]["verdict"], ("missing", "moved"))
                else:
                    self.assertEqual(reported_chunks(verdicts[path]["ranges"]), where, verdicts[path])
            found += len(wrong)
            for path in wrong:
                full = os.path.join(objects, path)
                with open(full, "wb") as file:
                    file.write(good[path])
                os.utime(full, (1_000_000_000, 1_000_000_000))
            if number % 50 == 49 or number + 1 == rounds(4, 400):
                tell(rounds=number + 1, found=found)

    @unittest.skipIf("DALIL_SANITIZED" in os.environ, "nothing can be loaded before a sanitizer")
    def test_unreadable_sectors_are_mended_also_from_a_drive_that_has_some(self):
        self.back_up()
        bad = {"one": (MIB, MIB + 9), "two": (MIB + 8192, MIB + 8200)}
        env = {"LD_PRELOAD": SHIM, "DALIL_BAD": " ".join(f"{name}/data/disk/v/0.mp4:{first}-{last}"
                                                         for name, (first, last) in bad.items())}
        self.verify("one", NO, env)
        result = self.dalil("repair", self.drives["one"], "--volume", "one", "--from", "two=" + self.drives["two"], "--json",
                            env=env)
        one = result.of("repaired")[0]
        self.assertNotIn("damaged_sha256", one)
        self.assertEqual([(piece["offset"], piece["size"]) for piece in one["pieces"]], [(MIB, 4096)])
        self.assertEqual(hashlib.sha256(read(os.path.join(self.payload("one"), "v/0.mp4"))).hexdigest(), one["digest"])
        self.assertEqual(self.verify("one", 0).summary["result"], "PASS")


if __name__ == "__main__":
    main()
