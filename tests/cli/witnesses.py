"""Adds to a proof what the archive's own actors would not: a cosigner's signature and a time-stamp."""
import base64
import json
import os
import sys

from scenario import FIXTURES

sys.path.insert(0, os.path.join(os.path.dirname(FIXTURES), "tests"))
from bench import proofs  # noqa: E402

COSIGNED_AT = 1_505_200_000  # 2017-09-12T07:06:40Z


def note_of(checkpoint):
    """The lines of the signed note."""
    lines = checkpoint["proof"]
    return lines[lines.index("") + 1:]


def bytes_of(lines):
    return "".join(line + "\n" for line in lines).encode()


def cosigned(value, folder):
    value = json.loads(json.dumps(value))
    checkpoint = value["checkpoints"][0]
    body = note_of(checkpoint)[:3]
    omar = proofs.Signer(folder, body[0] + "/cosigner/omar", 4)
    message = f"cosignature/v1\ntime {COSIGNED_AT}\n".encode() + bytes_of(body)
    checkpoint["proof"].append(omar.line(message, COSIGNED_AT.to_bytes(8, "big")))
    value["keys"].append({"key": omar.key, "name": "Omar", "role": "auditor"})
    return value


def stamped(value, authority):
    value = json.loads(json.dumps(value))
    checkpoint = value["checkpoints"][0]
    note = note_of(checkpoint)
    checkpoint["timestamps"].append(
        {"stamped": note, "token": base64.b64encode(authority.token(bytes_of(note))).decode(),
         "chain": [base64.b64encode(one).decode() for one in authority.chain()]})
    return value


def attach(scenario, authority):
    """Has the archive's newest checkpoint stamped; the number of entries that the stamp covers."""
    request = os.path.join(scenario.dir, "request.tsq")
    size = scenario.dalil("timestamp", "request", "--out", request, "--json").summary["size"]
    reply = authority.reply(request, os.path.join(scenario.dir, "reply.tsr"))
    scenario.dalil("timestamp", "attach", reply, "--request", request, "--ca", authority.root)
    os.remove(request)
    return size
