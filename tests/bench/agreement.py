#!/usr/bin/env python3
"""Compares what dalil, exiftool and ffprobe read of the same files, field by field, and prints a Markdown table.

    tests/bench/agreement.py [--dalil PROGRAM] [--differences FILE] FOLDER

Every file below FOLDER is taken into a new archive, in a directory that is removed again. `same` and `different`
count files of which both have a value; `agreement` is their ratio. What only one of them has is counted, too.
"""
import argparse
import collections
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
ENVIRONMENT = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--dalil", default=os.path.join(ROOT, "build/release/bin/dalil"), metavar="PROGRAM")
    parser.add_argument("--differences", metavar="FILE", help="every field that is not the same, one a line")
    return parser.parse_args()


# ---- what each program says of a file, under the same names

def number(value):
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def text(value):
    return None if value is None else " ".join(str(value).replace("\0", " ").split()) or None


def moment(value):
    """'2017:09:11 08:30:00.5+03:00' without its fraction; absent for blanks and zeros."""
    found = re.match(r"(\d{4})\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)", str(value or ""))
    return None if not found or found[1] == "0000" else "{}-{}-{} {}:{}:{}".format(*found.groups())


class Dalil:
    def __init__(self, program, folder, work):
        self.program = [program, "--archive", work + "/archive", "--key-file", work + "/key"]
        environment = {**ENVIRONMENT, "DALIL_STATE_DIR": work + "/state"}
        self.environment = environment
        for command in (["init", work + "/archive"], ["volume", "add", "files", "--kind", "working"],
                        ["scan", folder, "--volume", "files"]):
            subprocess.run(self.program + ["-q"] + command, check=True, env=environment, stdout=subprocess.DEVNULL)

    def facts(self, path):
        done = subprocess.run(self.program + ["show", "files:" + path, "--json"], env=self.environment, text=True,
                              capture_output=True, check=False)
        objects = [json.loads(line) for line in done.stdout.split("\n") if line]  # texts hold other breaks
        return next((one for one in objects if one["type"] == "facts"), {})

    def read(self, path):
        facts = self.facts(path)
        times = {}
        for claim in facts.get("times", []):
            times.setdefault(claim["field"], claim)
        places = [one for one in facts.get("places", []) if not one["field"].startswith("Xmp.")] or facts.get("places", [])
        original = times.get("Exif.Photo.DateTimeOriginal", {})
        zone = re.search(r"([+-]\d\d:\d\d)$", original.get("time", "")) if original.get("zone") == "offset-recorded" else None
        if zone is None and original.get("zone") == "offset-recorded":
            zone = re.search(r"(Z)$", original["time"])
        values = {"DateTimeOriginal": moment(original.get("time")),
                  "offset of it": {"Z": "+00:00"}.get(zone[1], zone[1]) if zone else None,
                  "created (mvhd)": moment(times.get("moov/mvhd", {}).get("time")),
                  "duration": facts["duration_ms"] / 1000 if facts.get("duration_ms") else None,
                  "codecs": " ".join(one["codec"] for one in facts.get("streams", []) if one["kind"] in ("video", "audio")) or None}
        for name in ("make", "model", "serial", "software"):
            values[name] = text(facts.get(name))
        for name in ("width", "height", "orientation"):
            values[name] = number(facts.get(name))
        if places:
            values.update({"latitude": places[0]["latitude"], "longitude": places[0]["longitude"],
                           "altitude": places[0].get("altitude_m"), "direction": places[0].get("direction_deg")})
        return values, facts


def first(tags, *names):
    return next((tags[name] for name in names if tags.get(name) not in (None, "")), None)


def exiftool(folder):
    """By path. -n: numbers as they are; the group in front of each tag says where it stands."""
    done = subprocess.run(["exiftool", "-r", "-j", "-n", "-G1", "-q", "-q", folder], capture_output=True, text=True,
                          env=ENVIRONMENT, check=False)
    found = {}
    # Numbers stay the text that they are: a serial number is not 5.6e8, nor "1.00" the version 1.
    for tags in json.loads(done.stdout or "[]", parse_int=str, parse_float=str):
        any_of = {}
        for key, value in tags.items():
            any_of.setdefault(key.split(":")[-1], value)
        orientation = number(first(tags, "IFD0:Orientation"))
        values = {"DateTimeOriginal": moment(first(tags, "ExifIFD:DateTimeOriginal")),
                  "offset of it": text(first(tags, "ExifIFD:OffsetTimeOriginal")),
                  "created (mvhd)": moment(first(tags, "QuickTime:CreateDate")),
                  "duration": number(first(tags, "QuickTime:Duration")) or None,
                  "make": text(first(tags, "IFD0:Make", "Keys:Make", "UserData:Make", "ItemList:Make")),
                  "model": text(first(tags, "IFD0:Model", "Keys:Model", "UserData:Model", "ItemList:Model")),
                  "serial": text(any_of.get("SerialNumber")),
                  "software": text(first(tags, "IFD0:Software")),
                  # As stored: what players make of it for oblong pixels is another size.
                  "width": number(any_of.get("SourceImageWidth") or any_of.get("ImageWidth")),
                  "height": number(any_of.get("SourceImageHeight") or any_of.get("ImageHeight")),
                  "orientation": orientation if orientation and 1 <= orientation <= 8 else None,
                  "latitude": number(first(tags, "Composite:GPSLatitude")),
                  "longitude": number(first(tags, "Composite:GPSLongitude")),
                  "altitude": number(first(tags, "Composite:GPSAltitude")),
                  "direction": number(first(tags, "GPS:GPSImgDirection"))}
        found[os.path.relpath(tags["SourceFile"], folder)] = values
    return found


def ffprobe(path):
    done = subprocess.run(["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams",
                           "-protocol_whitelist", "file", path], capture_output=True, check=False, timeout=60)
    try:
        said = json.loads(done.stdout.decode("utf-8", "replace") or "{}")
    except ValueError:
        return {}
    streams = [one for one in said.get("streams", []) if one.get("codec_type") in ("video", "audio")
               and not one.get("disposition", {}).get("attached_pic")]
    if not streams or said.get("format", {}).get("format_name", "").endswith(("_pipe", "image2")):
        return {}
    video = next((one for one in streams if one["codec_type"] == "video"), {})
    return {"duration": number(said["format"].get("duration")),
            "codecs": " ".join(one.get("codec_name", "none") for one in streams),
            "width": number(video.get("width") or None), "height": number(video.get("height") or None)}


# ---- comparison

TOLERANCE = {"latitude": 2e-6, "longitude": 2e-6, "altitude": 0.051, "direction": 0.01, "duration": 0.051}


def same(field, ours, theirs):
    if isinstance(ours, float) or isinstance(theirs, float):
        ours, theirs = number(ours), number(theirs)
        return ours is not None and theirs is not None and abs(ours - theirs) <= TOLERANCE.get(field, 1e-9)
    if field == "serial":  # with -n some makers' numbers lose their zeros in front; Nikon's older ones have a label
        return str(ours).lstrip("0") == str(theirs).removeprefix("NO= ").lstrip("0")
    return ours == theirs


class Count:
    def __init__(self):
        self.rows = collections.defaultdict(collections.Counter)
        self.remarks = []

    def add(self, tool, path, ours, theirs):
        for field, value in theirs.items():
            mine = ours.get(field)
            if value is None and mine is None:
                continue
            if value is None or mine is None:
                outcome = "dalil alone" if value is None else "alone"
            else:
                outcome = "same" if same(field, mine, value) else "different"
            self.rows[field, tool][outcome] += 1
            if outcome != "same":
                self.remarks.append(f"{outcome}\t{tool}\t{field}\t{path}\tdalil={mine}\t{tool}={value}")

    def table(self):
        lines = ["| field | by | same | different | it alone | Dalil alone | agreement |",
                 "|---|---|---:|---:|---:|---:|---:|"]
        total = collections.Counter()
        for (field, tool), row in self.rows.items():
            total.update(row)
            lines.append(self.line(field, tool, row))
        return "\n".join(lines + [self.line("all", "", total)])

    @staticmethod
    def line(field, tool, row):
        both = row["same"] + row["different"]
        agreement = f"{100 * row['same'] / both:.1f} %" if both else "-"
        return f"| {field} | {tool} | {row['same']} | {row['different']} | {row['alone']} | {row['dalil alone']} | {agreement} |"


def main():
    options = arguments()
    work = tempfile.mkdtemp(prefix="dalil-agreement-")
    try:
        dalil = Dalil(options.dalil, options.folder, work)
        count, kinds = Count(), collections.Counter()
        by_exiftool = exiftool(options.folder)
        for where, _, names in os.walk(options.folder):
            for name in sorted(names):
                full = os.path.join(where, name)
                path = os.path.relpath(full, options.folder)
                ours, facts = dalil.read(path)
                if facts.get("kind") not in ("photo", "video", "audio"):
                    continue
                kinds[facts["format"]] += 1
                if path in by_exiftool:
                    count.add("exiftool", path, ours, by_exiftool[path])
                if facts["kind"] in ("video", "audio"):
                    count.add("ffprobe", path, ours, ffprobe(full))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(count.table())
    print("\nfiles: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    if options.differences:
        with open(options.differences, "w", encoding="utf-8") as stream:
            stream.write("\n".join(sorted(count.remarks)) + "\n")


if __name__ == "__main__":
    sys.exit(main())
