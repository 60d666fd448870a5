"""The corpora of the measurements, made once below a cache directory.

A  5 files of 1.28 GiB: videos, as far as reading and hashing are concerned
B  20,000 photographs of 20 to 400 KB: a real JPEG header whose EXIF time and place differ, then random scan data
C  200,000 files of 4 KiB in 200 directories: what a file costs beyond its bytes
R  real photos and videos, and files made to break parsers: ../shared/corpora, where it is
P  one proof out of a ledger of ten million entries
"""
import json
import os
import random
import shutil
import struct
import subprocess
import tempfile

from . import proofs

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
VERSION = 1  # of what is written; a higher one makes the corpora anew
A_FILES, A_BYTES = 5, 1.28 * 2**30
B_FILES, B_PER_DIRECTORY, B_SMALLEST, B_LARGEST = 20_000, 100, 20_000, 400_000
C_FILES, C_DIRECTORIES, C_BYTES = 200_000, 200, 4096

TIME_PLACEHOLDER = "2017:01:02 03:04:05"
LATITUDE_PLACEHOLDER = (35, 11, 123_457)   # degrees, minutes, ten-thousandths of a second
LONGITUDE_PLACEHOLDER = (40, 22, 234_568)


class RandomBytes:
    """A fixed stream that nothing can compress or deduplicate, at a gigabyte a second."""

    def __init__(self, name):
        key = name.encode().hex().ljust(32, "0")[:32]
        command = ["openssl", "enc", "-aes-128-ctr", "-K", key, "-iv", "0" * 32, "-in", "/dev/zero"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def read(self, count):
        data = self._process.stdout.read(count)
        if len(data) != count:
            raise RuntimeError("openssl gave no random bytes")
        return data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()


def make_a(folder, scale):
    with RandomBytes("corpus A") as source:
        for number in range(A_FILES):
            left = int(A_BYTES * scale)
            with open(os.path.join(folder, f"video{number}.bin"), "wb", buffering=0) as stream:
                while left > 0:
                    left -= stream.write(source.read(min(left, 1 << 22)))


def make_b(folder, scale):
    chance = random.Random("corpus B")
    header = Header(folder)
    with RandomBytes("corpus B") as source:
        for number in range(int(B_FILES * scale)):
            if number % B_PER_DIRECTORY == 0:
                directory = os.path.join(folder, f"card{number // B_PER_DIRECTORY:03}")
                os.mkdir(directory)
            head = header.patched(chance)
            scan = source.read(chance.randint(B_SMALLEST, B_LARGEST) - len(head) - 2).replace(b"\xff", b"\xff\x00")
            with open(os.path.join(directory, f"IMG_{number % 10_000:04}.JPG"), "wb", buffering=0) as stream:
                stream.write(head + scan + b"\xff\xd9")


def make_c(folder, scale):
    per_directory = max(1, int(C_FILES * scale) // C_DIRECTORIES)
    with RandomBytes("corpus C") as source:
        for number in range(C_DIRECTORIES):
            directory = os.path.join(folder, f"d{number:03}")
            os.mkdir(directory)
            block = source.read(per_directory * C_BYTES)
            for index in range(per_directory):
                fd = os.open(os.path.join(directory, f"f{index:04}"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
                os.write(fd, block[index * C_BYTES:(index + 1) * C_BYTES])
                os.close(fd)


class Header:
    """Everything of one real JPEG up to its scan, with EXIF fields whose bytes can be exchanged in place."""

    def __init__(self, near):
        with tempfile.TemporaryDirectory(dir=os.path.dirname(near)) as work:
            data = self._real_photo(os.path.join(work, "photo.jpg"))
        scan = data.index(b"\xff\xda")
        self._data = bytearray(data[:scan + 2 + struct.unpack(">H", data[scan + 2:scan + 4])[0]])
        self._order = next((o for o in "<>" if self._rationals(LATITUDE_PLACEHOLDER, o) in self._data), None)
        if self._order is None:
            raise RuntimeError("exiv2 wrote no position")
        self._times = self._all(TIME_PLACEHOLDER.encode())
        self._latitude = self._data.index(self._rationals(LATITUDE_PLACEHOLDER, self._order))
        self._longitude = self._data.index(self._rationals(LONGITUDE_PLACEHOLDER, self._order))

    @staticmethod
    def _real_photo(path):
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=4000x3000",
                        "-frames:v", "1", "-q:v", "20", "-update", "1", path], check=True)

        def position(p):
            return f"{p[0]}/1 {p[1]}/1 {p[2]}/10000"
        fields = {"Image.Make": "Canon", "Image.Model": "Canon EOS 600D", "Image.Software": "1.0.2",
                  "Image.Orientation": "1", "Image.DateTime": TIME_PLACEHOLDER,
                  "Photo.DateTimeOriginal": TIME_PLACEHOLDER,
                  "Photo.DateTimeDigitized": TIME_PLACEHOLDER, "Photo.OffsetTimeOriginal": "+03:00",
                  "Photo.BodySerialNumber": "133058041277", "Photo.ISOSpeedRatings": "200",
                  "GPSInfo.GPSVersionID": "2 3 0 0", "GPSInfo.GPSLatitudeRef": "N",
                  "GPSInfo.GPSLatitude": position(LATITUDE_PLACEHOLDER), "GPSInfo.GPSLongitudeRef": "E",
                  "GPSInfo.GPSLongitude": position(LONGITUDE_PLACEHOLDER)}
        arguments = [f"-Mset Exif.{name} {value}" for name, value in fields.items()]
        subprocess.run(["exiv2", *arguments, path], check=True)
        with open(path, "rb") as stream:
            return stream.read()

    @staticmethod
    def _rationals(position, order):
        return struct.pack(order + "6I", position[0], 1, position[1], 1, position[2], 10_000)

    def _all(self, needle):
        places, at = [], self._data.find(needle)
        while at >= 0:
            places.append(at)
            at = self._data.find(needle, at + 1)
        return places

    def patched(self, chance):
        when = (f"2017:{chance.randint(1, 12):02}:{chance.randint(1, 28):02} "
                f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:{chance.randint(0, 59):02}").encode()
        for at in self._times:
            self._data[at:at + len(when)] = when
        for at, degrees in ((self._latitude, chance.randint(33, 36)), (self._longitude, chance.randint(36, 41))):
            position = (degrees, chance.randint(0, 59), chance.randint(0, 599_999))
            self._data[at:at + 24] = self._rationals(position, self._order)
        return bytes(self._data)


def real_files():
    return os.path.join(os.environ.get("DALIL_SHARED", os.path.join(ROOT, "../shared")), "corpora")


def has_real_files():
    return os.path.isdir(real_files())


def make_r(folder, _):
    shutil.copytree(real_files(), folder, symlinks=True, dirs_exist_ok=True)


def make_p(folder, _):
    proofs.write_proof(os.path.join(folder, "proof.json"))


MAKERS = {"A": make_a, "B": make_b, "C": make_c, "R": make_r, "P": make_p}


def ensure(name, cache, scale, say):
    """The folder of a corpus, made if it is not there. A stamp beside it says that it is complete."""
    folder = os.path.join(cache, f"corpora-{scale:g}", name)
    stamp = folder + ".json"
    wanted = {"version": VERSION, "scale": scale}
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as stream:
            if json.load(stream) == wanted:
                return folder
        os.remove(stamp)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    say(f"making corpus {name} in {folder}")
    MAKERS[name](folder, scale)
    with open(stamp, "w", encoding="utf-8") as stream:
        json.dump(wanted, stream)
    return folder


def size(folder):
    """Files and bytes."""
    files = total = 0
    for directory, _, names in os.walk(folder):
        files += len(names)
        total += sum(os.lstat(os.path.join(directory, name)).st_size for name in names)
    return files, total
