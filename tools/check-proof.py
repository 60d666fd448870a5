#!/usr/bin/env python3
"""Checks a proof that `dalil prove` wrote, without Dalil: one file, nothing but Python's standard library.

    check-proof.py PROOF [--file EVIDENCE] [--trust VKEY]... [--ca FILE] [--extract FOLDER]

Does what docs/checking-without-dalil.md does by hand: commitment, inclusion, signatures, cosignatures, and whether a
file is the one that the entry speaks of. Python cannot check time-stamps: that is done by the `openssl` program, if it
is there; --extract writes them into files, and says by which command they are checked elsewhere. Prints each step, then
what the entry says. Exit code 0: all is right; 1: a step is wrong; 2: this is no proof, or a failure.
The format is in docs/formats/proof.md. Only public data is read; nothing here is secret, so nothing has to be hidden
from whoever measures its time.
"""
import argparse
import base64
import hashlib
import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile

FORMAT = "dalil-proof-1"
LIMIT = 16 << 20


class Unusable(Exception):
    """Something that was given besides the proof cannot be used."""


class NotAProof(Exception):
    """The file is not of the format; nothing can be said about what it holds."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    """Strictly: one form for each value."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, UnicodeError):
        return None
    return data if base64.b64encode(data).decode() == text else None


# --- Ed25519: the verification of RFC 8032, section 6, in its own words -------------------------------------------

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493


def modp_inv(x):
    return pow(x, P - 2, P)


D = -121665 * modp_inv(121666) % P
MODP_SQRT_M1 = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    """Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z."""
    A, B = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    C, E = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = B - A, E - C, E + C, B + A
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_mul(scalar, point):
    result = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * modp_inv(D * y * y + 1)
    if x2 % P == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * MODP_SQRT_M1 % P
    if (x * x - x2) % P != 0:
        return None
    return P - x if (x & 1) != sign else x


def point_decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


G_Y = 4 * modp_inv(5) % P
G_X = recover_x(G_Y, 0)
G = (G_X, G_Y, 1, G_X * G_Y % P)


def ed25519_verify(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = point_decompress(public), point_decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    h = int.from_bytes(digest, "little") % Q
    return point_equal(point_mul(s, G), point_add(r, point_mul(h, a)))


# --- Merkle tree: RFC 9162, section 2.1.3.2 -----------------------------------------------------------------------

def leaf_hash(entry):
    return sha256(b"\0", entry)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def verify_inclusion(leaf, index, size, path, root):
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


# --- Signed notes, checkpoints, log proofs: C2SP ------------------------------------------------------------------

SPACES = set("\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {chr(c) for c in range(0x2000, 0x200B)}
SIGNED, COSIGNED = 1, 4


def is_key_name(name):
    return bool(name) and not any(c in " +" or c < " " or c in SPACES for c in name)


def decimal(text):
    if not re.fullmatch(r"0|[1-9][0-9]{0,19}", text, re.ASCII) or int(text) >= 1 << 64:
        return None
    return int(text)


class Key:
    """A verifier key: name+hex8(key id)+base64(type || public key)."""

    def __init__(self, text):
        name, _, rest = text.partition("+")
        raw = unbase64(rest[9:]) if rest[8:9] == "+" else None
        if raw is None or len(raw) != 33 or raw[0] not in (SIGNED, COSIGNED) or not is_key_name(name):
            raise NotAProof("a key is ill-formed")
        self.id = sha256(name.encode(), b"\n", raw)[:4]
        if rest[:8] != self.id.hex():
            raise NotAProof("a key is ill-formed")
        self.text, self.name, self.type, self.public = text, name, raw[0], raw[1:]

    def verifies(self, body, signature):
        if self.type == SIGNED:
            return ed25519_verify(self.public, body.encode(), signature)
        if len(signature) != 72:
            return False
        message = f"cosignature/v1\ntime {cosigned_at(signature)}\n" + body
        return ed25519_verify(self.public, message.encode(), signature[8:])


def cosigned_at(signature):
    return int.from_bytes(signature[:8], "big")


class Note:
    """A text and the signatures under it: (name, key id, signature)."""

    def __init__(self, text):
        if len(text.encode()) > 1 << 20 or any(c < " " and c != "\n" for c in text):
            raise NotAProof("a signed note is ill-formed")
        split = text.rfind("\n\n")
        if split < 0 or not text.endswith("\n"):
            raise NotAProof("a signed note is ill-formed")
        self.body, self.signatures = text[:split + 1], []
        for line in text[split + 2:].split("\n")[:-1]:
            match = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
            raw = unbase64(match[2]) if match and is_key_name(match[1]) else None
            if raw is None or len(raw) <= 4:
                raise NotAProof("a signed note is ill-formed")
            self.signatures.append((match[1], raw[:4], raw[4:]))
        if not 1 <= len(self.signatures) <= 64:
            raise NotAProof("a signed note is ill-formed")
        lines = self.body.split("\n")[:-1]
        if len(lines) < 3 or not all(lines):
            raise NotAProof("a checkpoint is ill-formed")
        self.origin, self.size, self.root = lines[0], decimal(lines[1]), unbase64(lines[2])
        if self.size is None or self.root is None or len(self.root) != 32:
            raise NotAProof("a checkpoint is ill-formed")


class LogProof:
    def __init__(self, lines):
        if lines[:1] != ["c2sp.org/tlog-proof@v1"] or not lines[1:2] or not lines[1].startswith("index "):
            raise NotAProof("its 'proof' is ill-formed")
        self.index = decimal(lines[1][6:])
        end = lines.index("", 2) if "" in lines[2:] else -1
        if self.index is None or not 2 <= end <= 66:
            raise NotAProof("its 'proof' is ill-formed")
        self.path = [unbase64(line) for line in lines[2:end]]
        if any(step is None or len(step) != 32 for step in self.path):
            raise NotAProof("its 'proof' is ill-formed")
        self.note = Note("".join(line + "\n" for line in lines[end + 1:]))


# --- The file: docs/formats/proof.md ------------------------------------------------------------------------------

def member(value, name, kind, limit=None):
    if not isinstance(value, dict) or not isinstance(value.get(name), kind):
        raise NotAProof(f"its '{name}' is missing, or of another type")
    if limit is not None and len(value[name]) > limit:
        raise NotAProof(f"its '{name}' is too long")
    return value[name]


def texts(value, name, limit):
    found = member(value, name, list, limit)
    if not all(isinstance(one, str) for one in found):
        raise NotAProof(f"its '{name}' is no list of texts")
    return found


def data(text, name):
    found = unbase64(text)
    if found is None:
        raise NotAProof(f"its '{name}' is no base64")
    return found


class Timestamp:
    def __init__(self, value):
        self.stamped_lines = texts(value, "stamped", 1024)
        self.stamped = "".join(line + "\n" for line in self.stamped_lines)
        self.token = data(member(value, "token", str), "token")
        self.chain = [data(one, "chain") for one in texts(value, "chain", 16)]

    def json(self):
        return {"stamped": self.stamped_lines, "token": base64.b64encode(self.token).decode(),
                "chain": [base64.b64encode(one).decode() for one in self.chain]}


class Checkpoint:
    def __init__(self, value):
        self.lines = texts(value, "proof", 1024)
        self.proof = LogProof(self.lines)
        self.timestamps = [Timestamp(one) for one in member(value, "timestamps", list, 16)]

    def json(self):
        return {"proof": self.lines, "timestamps": [one.json() for one in self.timestamps]}


class Proof:
    def __init__(self, raw):
        if len(raw) > LIMIT:
            raise NotAProof("it is larger than 16 MiB")
        try:
            text = raw.decode("utf-8")
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise NotAProof("it is no JSON") from None
        if member(value, "format", str) != FORMAT:
            raise NotAProof(f"it is of another format than {FORMAT}")
        self.kind, self.states = member(value, "kind", str), member(value, "states", str)
        entry = member(value, "entry", dict)
        self.line = member(entry, "line", str)
        self.salt = data(member(entry, "salt", str), "salt")
        if len(self.salt) != 32:
            raise NotAProof("its 'salt' has not 32 bytes")
        self.content = data(member(entry, "content", str), "content")
        self.checkpoints = [Checkpoint(one) for one in member(value, "checkpoints", list, 16)]
        self.keys = [(Key(member(one, "key", str)), member(one, "name", str), member(one, "role", str))
                     for one in member(value, "keys", list, 64)]
        # One form only: no reader can see another proof in the same bytes (members given twice, for instance).
        if json.dumps(self.json(), ensure_ascii=False, indent=2) + "\n" != text:
            raise NotAProof("it was edited, or saved by another program")

    def json(self):
        return {"format": FORMAT, "kind": self.kind, "states": self.states,
                "entry": {"line": self.line, "salt": base64.b64encode(self.salt).decode(),
                          "content": base64.b64encode(self.content).decode()},
                "checkpoints": [one.json() for one in self.checkpoints],
                "keys": [{"key": key.text, "name": name, "role": role} for key, name, role in self.keys]}


# --- What an entry says: Protocol Buffers, as far as they are needed ----------------------------------------------

KINDS = {1: "archive_created", 2: "volume_stated", 3: "copy_seen", 4: "symlink_seen", 5: "copies_gone",
         6: "facts_stated", 7: "incident_revised", 8: "link_made", 9: "link_withdrawn", 10: "run", 11: "scan_note",
         12: "directories_verified", 13: "key_added", 14: "key_removed", 15: "keys_rotated", 16: "entry_redacted",
         17: "source_stated", 18: "source_identity", 19: "source_assigned", 20: "source_unassigned",
         21: "checkpoint_cosigned", 22: "timestamp_attached", 23: "rollback_accepted",
         24: "recovery_key_stated",
         25: "drive_stated", 26: "report_imported", 27: "repaired", 28: "policy_stated",
         29: "verification_begun", 30: "review_stated", 31: "tags_changed", 32: "vocabulary_stated",
         33: "query_saved", 34: "fingerprints_stated"}

VERDICTS = ["", "intact", "corrupt", "unreadable", "missing", "extra", "moved", "renamed", "changed", "not_checked"]
LINK_TYPES = ["", "depicts", "aftermath", "corroborates", "contradicts", "context", "identifies-perpetrator",
              "identifies-weapon", "geolocates", "witness-statement", "medical-record", "candidate"]

# Fields by number: a name, and what is in it. A dict is a message of its own. From docs/formats/entry.md.
COUNT = {1: ("value", "int"), 2: ("qualifier", "text")}
PAIR = {1: ("first", "text"), 2: ("second", "text")}
PLACE = {1: ("latitude", "double"), 2: ("longitude", "double"), 3: ("radius m", "uint"), 4: ("name", "text")}
TEXTS_OF_INCIDENT = {
    1: "id", 2: "date", 3: "date end", 4: "local time", 5: "local time source", 6: "utc offset", 7: "weekday stated",
    9: "governorate", 10: "place", 11: "subdistrict", 14: "perpetrator group", 15: "perpetrator", 16: "attribution",
    17: "weapon", 18: "weapon code", 19: "target", 20: "area of control", 27: "killed described as",
    29: "description", 30: "description (ar)", 31: "notes", 32: "documented on", 34: "evidence link text",
    35: "photo caption", 37: "witness", 38: "source"}
INCIDENT = {
    **{number: (name, "text") for number, name in TEXTS_OF_INCIDENT.items()},
    8: ("weekday ok", "uint"), 12: ("latitude", "double"), 13: ("longitude", "double"), 21: ("killed", COUNT),
    22: ("children", COUNT), 23: ("women", COUNT), 24: ("fetuses", COUNT), 25: ("wounded", COUNT),
    26: ("detained", COUNT), 28: ("killed provisional", "uint"), 33: ("evidence links", "int"),
    36: ("witness accounts", "uint"), 39: ("relation", PAIR), 40: ("extra", PAIR)}
FIELDS = {
    1: {1: ("actor", "text"), 2: ("public key", "hex"), 3: ("program", "text")},
    2: {1: ("row", "uint"), 2: ("id", "text"), 3: ("label", "text"), 4: ("kind", "uint"), 6: ("kept at", "text"),
        7: ("file system", "text"), 8: ("uuid", "text"), 9: ("serial", "text"), 10: ("fs label", "text"),
        11: ("capacity", "uint"), 12: ("root", "text"), 13: ("note", "text")},
    3: {1: ("volume", "volume"), 2: ("directory", "text"), 3: ("name", "text"), 4: ("sha256", "hex"),
        5: ("size", "uint"), 6: ("modified", "ns"), 7: ("inode changed", "ns"), 8: ("inode", "uint"),
        9: ("tag nonce", "hex"), 10: ("tags", "length"), 12: ("stored sha256", "hex"), 13: ("stored size", "uint"),
        14: ("read from volume", "volume"), 15: ("read from directory", "text"), 16: ("read from name", "text")},
    4: {1: ("volume", "volume"), 2: ("directory", "text"), 3: ("name", "text"), 4: ("target", "text"),
        5: ("modified", "ns"), 6: ("inode changed", "ns"), 7: ("inode", "uint")},
    5: {1: ("volume", "volume"),
        2: ("gone", {1: ("directory", "text"), 2: ("name", "text"), 3: ("moved to", "text")})},
    6: {1: ("sha256", "hex"), 2: ("facts", "length"), 3: ("fingerprints", "length")},
    7: {1: ("incident", INCIDENT), 2: ("reason", "text")},
    8: {1: ("sha256", "hex"), 2: ("incident", "text"), 3: ("type", "link type"), 4: ("from ms", "int"),
        5: ("to ms", "int"), 6: ("why", "text")},
    9: {1: ("link", "uint"), 2: ("why", "text")},
    10: {1: ("kind", "text"), 2: ("volume", "volume"), 3: ("folder", "text"), 4: ("mode", "text"),
         5: ("result", "text"), 6: ("started", "ms"), 7: ("ended", "ms"),
         8: ("count", {1: ("name", "text"), 2: ("value", "uint")}),
         9: ("exception", {1: ("path", "text"), 2: ("verdict", "verdict"),
                           3: ("range", {1: ("offset", "uint"), 2: ("size", "uint")}),
                           4: ("errno", "int"), 5: ("detail", "text"), 6: ("sha256", "hex")})},
    11: {1: ("run", "uint"), 2: ("source", "text"), 3: ("note", "text"), 4: ("incident", "text")},
    12: {1: ("volume", "volume"),
         2: ("directory", {1: ("path", "text"), 2: ("name", "text"), 3: ("verdicts", "verdicts"),
                           4: ("verified at", "seconds")})},
    13: {1: ("public key", "hex"), 2: ("actor", "text"), 3: ("role", "uint"), 4: ("slot", "text"),
         5: ("opens with", "uint"), 6: ("recipient", "text")},
    14: {1: ("public key", "hex"), 2: ("why", "text")},
    15: {1: ("epoch", "uint"), 2: ("why", "text")},
    16: {1: ("entries", "varints"), 2: ("why", "text")},
    17: {1: ("alias", "text"), 2: ("consent", "uint"), 3: ("note", "text"), 4: ("reason", "text")},
    18: {1: ("alias", "text"), 2: ("name", "text"), 3: ("contact", "text"), 4: ("note", "text")},
    19: {1: ("alias", "text"), 2: ("sha256", "hex"), 3: ("why", "text")},
    20: {1: ("alias", "text"), 2: ("sha256", "hex"), 3: ("why", "text")},
    21: {1: ("tree size", "uint"), 2: ("root", "hex"), 3: ("signature", "text"), 4: ("cosigner", "text"),
         5: ("time", "seconds")},
    22: {1: ("tree size", "uint"), 2: ("note", "text"), 3: ("token", "length"), 4: ("certificate", "length"),
         5: ("time", "fixed ms"), 6: ("authority", "text"), 7: ("trusted", "uint")},
    24: {1: ("recipient", "text"), 3: ("why", "text"), 4: ("previous", "uint")},
    30: {1: ("sha256", "hex"), 2: ("link", "uint"), 3: ("kind", "uint"), 4: ("method", "text"), 5: ("result", "text"),
         6: ("confidence", "uint"), 7: ("state", "uint"), 8: ("note", "text"),
         9: ("time", {1: ("from", "ms"), 2: ("to", "ms"), 3: ("precision", "uint")}),
         10: ("made", PLACE), 11: ("shown", PLACE), 12: ("cleared", "uint")},
    31: {1: ("tag", "text"), 2: ("sha256", "hex"), 3: ("removed", "uint"), 4: ("why", "text")},
    32: {1: ("vocabulary", "text"), 2: ("content", "text"), 3: ("reason", "text")},
    23: {1: ("expected size", "uint"), 2: ("expected root", "hex"), 3: ("expected note", "text"),
         4: ("seen", "ms"), 5: ("found size", "uint"), 6: ("found root", "hex"), 7: ("why", "text")},
}


def varint(message, at):
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("cut off")
        value |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not message[at - 1] & 0x80:
            return value & (1 << 64) - 1, at


def varints(packed):
    at = 0
    while at < len(packed):
        value, at = varint(packed, at)
        yield value


def fields(message):
    """Number and raw value of each field: an integer, or bytes."""
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        wire = tag & 7
        if wire == 0:
            value, at = varint(message, at)
        elif wire in (1, 2, 5):
            size, at = varint(message, at) if wire == 2 else ({1: 8, 5: 4}[wire], at)
            if size > len(message) - at:
                raise ValueError("cut off")
            value, at = message[at:at + size], at + size
        else:
            raise ValueError("an unknown wire type")
        yield tag >> 3, value


def printable(raw):
    """Safe for a terminal: what does not print, and what is not UTF-8, as escapes."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def when(seconds):
    """UTC by counting days, since dates before 1970 and beyond 9999 are not errors here."""
    days, rest = divmod(seconds, 86400)
    era, day = divmod(days + 719468, 146097)
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    date = (year + era * 400 + (month >= 10), month + (3 if month < 10 else -9), day - (153 * month + 2) // 5 + 1)
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % (*date, rest // 3600, rest // 60 % 60, rest % 60)


def days_from(year, month, day):
    """The inverse: days since 1970-01-01."""
    year -= month <= 2
    in_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return year // 400 * 146097 + year % 400 * 365 + year % 400 // 4 - year % 400 // 100 + in_year - 719468


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def shown(value, kind):
    if isinstance(kind, dict):
        return "; ".join(f"{name} {text}" for name, text in rows(value, kind))
    if kind in ("text", "hex", "length", "verdicts", "varints"):
        if not isinstance(value, bytes):
            raise ValueError("another type than expected")
        if kind == "varints":
            return " ".join(map(str, varints(value)))
        if kind == "verdicts":
            return " ".join(named(VERDICTS, one) for one in value)
        return {"text": printable, "hex": bytes.hex, "length": lambda raw: f"{len(raw)} bytes"}[kind](value)
    if kind in ("ns", "fixed ms", "double"):
        if not isinstance(value, bytes) or len(value) != 8:
            raise ValueError("another type than expected")
        number = struct.unpack("<d" if kind == "double" else "<q", value)[0]
        return repr(number) if kind == "double" else when(number // (10**9 if kind == "ns" else 1000))
    if not isinstance(value, int):
        raise ValueError("another type than expected")
    return {"volume": lambda: f"V{value + 1}", "int": lambda: str(signed(value)), "uint": lambda: str(value),
            "ms": lambda: when(signed(value) // 1000), "seconds": lambda: when(signed(value)),
            "verdict": lambda: named(VERDICTS, value), "link type": lambda: named(LINK_TYPES, value)}[kind]()


def named(names, number):
    return names[number] if 0 < number < len(names) else f"number {number}"


def rows(message, names):
    found = []
    for number, value in fields(message):
        name, kind = names.get(number, (f"field {number}", None))
        if kind is None:
            kind = "hex" if isinstance(value, bytes) else "uint"
        found.append((name, shown(value, kind)))
    if names.get(1) == ("volume", "volume") and all(name != "volume" for name, _ in found):
        found.insert(0, ("volume", "V1"))  # the format leaves zeros out
    return found


class Statement:
    """Kind and fields of a content; `digest` and `size` if it speaks of one file."""

    def __init__(self, content):
        self.rows, self.digest, self.size = [], None, None
        try:
            tag, _ = varint(content, 0)
            self.number = tag >> 3 if tag >> 3 < 1 << 16 else 0
        except ValueError:
            self.number = 0
        self.kind = KINDS.get(self.number, f"record {self.number}")
        try:
            message = dict(fields(content))[self.number]
            self.rows = rows(message, FIELDS.get(self.number, {}))
            self.file_of(dict(fields(message)))
        except (ValueError, KeyError, TypeError):
            self.rows.append(("unreadable", "this script does not know this form of content"))

    def file_of(self, values):
        where = {3: 4, 6: 1, 8: 1}.get(self.number)
        if where and len(values.get(where, b"")) == 32:
            self.digest = values[where]
            self.size = values.get(5, 0) if self.number == 3 else None


# --- Time-stamps: RFC 3161, by the openssl program ---------------------------------------------------------------

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
STAMPED_AT = re.compile(r"^Time stamp: (\w{3}) +(\d+) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d{4}) GMT$", re.MULTILINE)


class Token:
    """One time-stamp, laid out in files for openssl."""

    def __init__(self, folder, timestamp):
        self.folder, self.last = folder, timestamp.chain[-1]
        self.write("checkpoint.txt", timestamp.stamped.encode())
        self.write("token.tst", timestamp.token)
        self.write("chain.pem", "".join(map(pem, timestamp.chain)).encode())

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as stream:
            stream.write(content)

    @staticmethod
    def openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        return done.returncode == 0, done.stdout.decode("utf-8", "replace")

    def read(self):
        """When it was made, in seconds since 1970, and by whom; nothing of that is checked. None: it is none."""
        read, text = self.openssl("ts", "-reply", "-token_in", "-in", self.path("token.tst"), "-text")
        match = STAMPED_AT.search(text) if read else None
        if not match or match[1] not in MONTHS:
            return None
        date = int(match[6]), MONTHS.index(match[1]) + 1, int(match[2])
        clock = int(match[3]) * 3600 + int(match[4]) * 60 + int(match[5])
        authority = re.search(r"^TSA: (?:DirName:)?(.*)$", text, re.MULTILINE)
        return days_from(*date) * 86400 + clock, authority[1] if authority else "an authority without a name"

    def command(self, seconds, authorities):
        """At the token's own time: certificates expire, and that ends nothing."""
        return ["ts", "-verify", "-data", self.path("checkpoint.txt"), "-token_in", "-in", self.path("token.tst"),
                "-untrusted", self.path("chain.pem"), "-CAfile", authorities, "-attime", str(seconds)]

    def is_by(self, authorities, seconds):
        return self.openssl(*self.command(seconds, authorities))[0]

    def holds(self, seconds):
        """As it stands: up to the last certificate of its own chain, whose ever that is."""
        self.write("last.pem", pem(self.last).encode())
        return self.openssl(*self.command(seconds, self.path("last.pem")), "-partial_chain")[0]


def pem(der):
    lines = base64.encodebytes(der).decode().replace("\n", "")
    rows_of_64 = "\n".join(lines[at:at + 64] for at in range(0, len(lines), 64))
    return f"-----BEGIN CERTIFICATE-----\n{rows_of_64}\n-----END CERTIFICATE-----\n"


# --- The check ----------------------------------------------------------------------------------------------------

LINE = re.compile(r"dalil1 (\d+) (\d{4}-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{3}Z) ([0-9a-f]{16}) "
                  r"(inventory|evidence|source) (\S+)", re.ASCII)


class Line:
    """The public line of an entry."""

    def __init__(self, text):
        match = LINE.fullmatch(text)
        if not match:
            raise ValueError("it is ill-formed")
        self.seq, self.time, self.actor, self.seal_class = decimal(match[1]), match[2], match[8], match[9]
        self.commitment = unbase64(match[10])
        year, month, day, hour, minute, second = int(text.split(" ")[2][:4]), *map(int, match.group(3, 4, 5, 6, 7))
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        days = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        right = 1 <= month <= 12 and 1 <= day <= days[month - 1] and hour < 24 and minute < 60 and second < 60
        if self.seq is None or not right or self.commitment is None or len(self.commitment) != 32:
            raise ValueError("it is ill-formed")


def entries(size):
    return f"{size} {'entry' if size == 1 else 'entries'}"


class Check:
    def __init__(self, proof, options):
        self.proof, self.options = proof, options
        self.steps, self.signed, self.origin = [], [], None
        self.stamps, self.stamped_by_trusted = [], False
        self.statement = Statement(proof.content)
        try:
            self.line = Line(proof.line)
        except ValueError as problem:
            self.line = None
            self.step(False, "public line", str(problem))
            return
        self.entry()
        for checkpoint in proof.checkpoints:
            self.checkpoint(checkpoint)
        if not proof.checkpoints:
            self.step(False, "checkpoint", "the proof leads to none")
        for key, name, _ in proof.keys:
            if key.text not in self.signed:
                self.step(False, "keys", f"the key of {printable(name)} signed nothing here")
        self.trust()
        self.authorities()
        self.evidence()

    def step(self, right, name, detail):
        """`right` is None for what was not compared."""
        self.steps.append((right, name, detail))

    def right(self):
        return all(right is not False for right, _, _ in self.steps)

    def entry(self):
        commitment = sha256(b"dalil1 commitment\n", self.proof.salt, self.proof.content)
        self.step(commitment == self.line.commitment, "commitment", "salt and content against the public line")
        if self.proof.kind != self.statement.kind:
            self.step(False, "kind", f"the proof says '{printable(self.proof.kind)}', "
                                     f"the content is '{self.statement.kind}'")

    def checkpoint(self, checkpoint):
        proof, note = checkpoint.proof, checkpoint.proof.note
        self.origin = self.origin or note.origin
        if note.origin != self.origin:
            self.step(False, "checkpoint", "the checkpoints are of different ledgers")
        right = proof.index == self.line.seq and verify_inclusion(
            leaf_hash(self.proof.line.encode()), proof.index, note.size, proof.path, note.root)
        self.step(right, "inclusion", f"entry {self.line.seq} in the tree of {entries(note.size)}")
        by_ledger = [self.signature(note, *signature) for signature in note.signatures]
        if not any(by_ledger):
            self.step(False, "signature", f"nobody of the ledger signed the tree of {entries(note.size)}")
        for timestamp in checkpoint.timestamps:
            self.timestamp(note, timestamp)

    def signature(self, note, name, key_id, signature):
        """True if it is right and the ledger's own."""
        for key, owner, role in self.proof.keys:
            if key.name == name and key.id == key_id:
                break
        else:
            self.step(False, "signature", f"by '{printable(name)}', a key that the proof does not hold")
            return False
        right = key.verifies(note.body, signature)
        who = f"{printable(owner)} ({printable(role)}) over the tree of {entries(note.size)}"
        if key.type == COSIGNED:
            who += f", {when(cosigned_at(signature))}" if len(signature) == 72 else ""
        self.step(right, "cosignature" if key.type == COSIGNED else "signature", who)
        if right:
            self.signed.append(key.text)
        return right and key.type == SIGNED and key.name == note.origin

    def timestamp(self, note, timestamp):
        try:
            stamped = Note(timestamp.stamped)
        except NotAProof as problem:
            self.step(False, "time-stamp", str(problem))
            return
        if stamped.body != note.body:
            self.step(False, "time-stamp", "it is about another checkpoint")
        elif any(one not in note.signatures for one in stamped.signatures):
            self.step(False, "time-stamp", "the stamped note holds a signature that the proof does not")
        elif not timestamp.chain:
            self.step(False, "time-stamp", "it has no certificates")
        else:
            self.stamps.append(timestamp)
            if shutil.which("openssl"):
                with tempfile.TemporaryDirectory() as folder:
                    self.token(note, Token(folder, timestamp))
            else:
                self.step(None, "time-stamp", "there is no openssl program here: see --extract")

    def token(self, note, token):
        read = token.read()
        if not read:
            self.step(False, "time-stamp", "it is no time-stamp")
            return
        seconds, who = read
        right = token.holds(seconds)
        trusted = right and bool(self.options.ca) and token.is_by(self.options.ca, seconds)
        self.stamped_by_trusted = self.stamped_by_trusted or trusted
        self.step(right, "time-stamp",
                  f"{printable(who)}{', whom you trust,' if trusted else ''} stamped the tree of {entries(note.size)} "
                  f"at {when(seconds)}")

    def authorities(self):
        if self.options.ca:
            self.step(self.stamped_by_trusted, "authority", "that one whom you trust has stamped this")
        elif self.stamps:
            self.step(None, "authority", "no certificate of an authority was compared")

    def trust(self):
        for text in self.options.trust:
            self.step(text in self.signed, "trust", printable(text))
        if not self.options.trust:
            self.step(None, "trust", "no key was compared with its owner")

    def evidence(self):
        if self.options.file is None:
            if self.statement.digest:
                self.step(None, "file", "no file was compared")
            return
        if not self.statement.digest:
            self.step(False, "file", "the entry does not speak of one file")
            return
        digest, size = hashlib.sha256(), 0
        with open(self.options.file, "rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
                size += len(piece)
        same = digest.digest() == self.statement.digest and self.statement.size in (None, size)
        self.step(same, "file", f"{size} bytes, SHA-256 {digest.hexdigest()}")

    def report(self):
        trusted = self.right() and self.options.trust
        print("WRONG  the proof does not hold" if not self.right() else
              "PROVEN  signed with a key that you trust" if trusted else
              "CONSISTENT  it fits together; but nobody compared a key")
        for right, name, detail in self.steps:
            print(f"  {'-' if right is None else 'right' if right else 'WRONG':<5}  {name:<11}  {detail}")
        if not self.right():
            return 1
        print(f"\nentry {self.line.seq} of the ledger {printable(self.origin)} says: {self.statement.kind}")
        for name, value in [*self.statement.rows, ("written at", self.line.time), ("by actor", self.line.actor),
                            ("class", self.line.seal_class)]:
            print(f"  {name:<13} {value}")
        print("\nthe keys that signed, and whose they are by the archive's own account")
        for key, name, role in self.proof.keys:
            print(f"  {printable(name)} ({printable(role)})\n    {printable(key.text)}")
        return 0

    def extract(self, folder):
        """Each time-stamp in a folder of its own, and how openssl checks it there."""
        if not self.stamps:
            print("\nthe proof holds no time-stamp to extract")
            return
        os.mkdir(folder)
        for number, timestamp in enumerate(self.stamps, 1):
            place = os.path.join(folder, str(number))
            os.mkdir(place)
            token = Token(place, timestamp)
            read = token.read() if shutil.which("openssl") else None
            print(f"\ntime-stamp {number} is checked by")
            if not read:
                print(f"  openssl ts -reply -token_in -in {shlex.quote(token.path('token.tst'))} -text")
                print("  which prints its time; then, with that in seconds since 1970 in the place of TIME")
            command = token.command(read[0] if read else "TIME", "ROOT.pem")
            print("  openssl " + " ".join(map(shlex.quote, command)))
            print("  with the authority's root certificate, as you got it from there, as ROOT.pem")


def read_options(options):
    """Refuses what can only be a mistake, before anything is said about the proof."""
    try:
        for text in options.trust:
            Key(text)
    except NotAProof:
        raise Unusable("--trust: no verifier key") from None
    if options.ca:
        with open(options.ca, "rb") as stream:
            blocks = re.findall(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", stream.read(), re.DOTALL)
        if not blocks:
            raise Unusable(f"--ca: no certificate in '{printable(options.ca)}'")
        if not shutil.which("openssl"):
            raise Unusable("--ca: there is no openssl program here to check time-stamps; see --extract")
    if options.extract and os.path.lexists(options.extract):
        raise Unusable(f"--extract: '{printable(options.extract)}' exists already")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("proof", metavar="PROOF")
    parser.add_argument("--file", metavar="EVIDENCE", help="is it the file that the entry speaks of?")
    parser.add_argument("--trust", metavar="VKEY", action="append", default=[],
                        help="a key that you got from its owner: it must have signed; may be repeated")
    parser.add_argument("--ca", metavar="FILE",
                        help="root certificates (PEM) of authorities that you trust: one of them must have stamped")
    parser.add_argument("--extract", metavar="FOLDER",
                        help="write the time-stamps into files of a new folder, for openssl")
    options = parser.parse_args()
    try:
        read_options(options)
        with open(options.proof, "rb") as stream:
            proof = Proof(stream.read(LIMIT + 1))
        check = Check(proof, options)
        result = check.report()
        if options.extract:
            check.extract(options.extract)
        return result
    except NotAProof as problem:
        print(f"check-proof: error: not a proof: {problem}", file=sys.stderr)
    except (Unusable, OSError) as problem:
        print(f"check-proof: error: {problem}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
