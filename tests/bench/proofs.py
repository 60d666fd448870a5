"""A proof out of a ledger of ten million entries, without the ledger.

Every hash beside the way to the root stands for a part of the tree that nobody has to look into, so it may be any
number: what is checked, and how long that takes, is the same as with a real tree.
"""
import base64
import hashlib
import json
import os
import subprocess

ENTRIES = 10_000_000
INDEX = 6_543_210
ORIGIN = "dalil/" + bytes(range(0xA0, 0xB0)).hex()


def base64_of(data):
    return base64.b64encode(data).decode()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def copy_seen(megabytes):
    """A `CopySeen` of docs/formats/entry.md, with its tags."""
    message = (field(2, b"DCIM/100NCD32") + field(3, b"DSC_0346.AVI") + field(4, sha256(b"evidence")) +
               field(5, megabytes << 20) + field(9, bytes(12)) + field(10, bytes(16 * megabytes)))
    return field(3, message)


class Path:
    """From a leaf to the root, with made-up neighbours (RFC 9162, section 2.1.3.2)."""

    def __init__(self, leaf, index, size):
        self.hashes, self.root = [], leaf
        last = size - 1
        while last:
            if index & 1 or index != last:
                self.hashes.append(sha256(b"neighbour %d" % len(self.hashes)))
                pair = (self.hashes[-1], self.root) if index & 1 else (self.root, self.hashes[-1])
                self.root = sha256(b"\1", *pair)
            index, last = index >> 1, last >> 1


class Signer:
    """Ed25519 by the `openssl` program; the key goes away with the folder."""

    def __init__(self, folder, name, kind):
        self._file, self._name, self._kind = os.path.join(folder, f"{kind}.pem"), name, bytes([kind])
        self._openssl("genpkey", "-algorithm", "ed25519", "-out", self._file)
        self._raw = self._kind + self._openssl("pkey", "-in", self._file, "-pubout", "-outform", "DER")[-32:]
        self._id = sha256(name.encode(), b"\n", self._raw)[:4]
        self.key = f"{name}+{self._id.hex()}+{base64_of(self._raw)}"

    @staticmethod
    def _openssl(*arguments):
        return subprocess.run(["openssl", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout

    def actor(self):
        return sha256(self._raw[1:])[:8].hex()

    def line(self, text, prefix=b""):
        message = self._file + ".message"
        with open(message, "wb") as stream:
            stream.write(text)
        signature = self._openssl("pkeyutl", "-sign", "-inkey", self._file, "-rawin", "-in", message)
        os.remove(message)
        return f"\u2014 {self._name} {base64_of(self._id + prefix + signature)}"

    def forget(self):
        os.remove(self._file)


def write_proof(path, megabytes=100):
    """A copy of 100 MB in a tree of ten million, signed and cosigned."""
    folder = os.path.dirname(path)
    signer, cosigner = Signer(folder, ORIGIN, 1), Signer(folder, ORIGIN + "/cosigner/auditor", 4)
    content, salt = copy_seen(megabytes), bytes(range(32))
    commitment = sha256(b"dalil1 commitment\n", salt, content)
    line = f"dalil1 {INDEX} 2017-09-11T08:30:00.123Z {signer.actor()} inventory {base64_of(commitment)}"
    way = Path(sha256(b"\0", line.encode()), INDEX, ENTRIES)
    body = f"{ORIGIN}\n{ENTRIES}\n{base64_of(way.root)}\n"
    seconds = 1_505_200_000
    cosigned = f"cosignature/v1\ntime {seconds}\n{body}"
    proof = ["c2sp.org/tlog-proof@v1", f"index {INDEX}", *map(base64_of, way.hashes), "", *body.splitlines(), "",
             signer.line(body.encode()), cosigner.line(cosigned.encode(), seconds.to_bytes(8, "big"))]
    value = {"format": "dalil-proof-1", "kind": "copy_seen", "states": "a simulated copy",
             "entry": {"line": line, "salt": base64_of(salt), "content": base64_of(content)},
             "checkpoints": [{"proof": proof, "timestamps": []}],
             "keys": [{"key": signer.key, "name": "Amal", "role": "archivist"},
                      {"key": cosigner.key, "name": "Omar", "role": "auditor"}]}
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    signer.forget()
    cosigner.forget()
