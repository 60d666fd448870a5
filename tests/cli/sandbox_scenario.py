"""The process that looks into foreign files: what it is kept from, and what it costs when it dies."""
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

import without_calls
from scenario import DALIL, NO, Scenario, main, pattern

CORPORA = os.path.join(os.environ.get("DALIL_SHARED", ""), "corpora")
WITHOUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "without_calls.py")


def jpeg(width, number):
    comment = b"number %d" % number
    return (b"\xff\xd8\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + b"\xff\xc0\x00\x11\x08"
            + struct.pack(">HH", 32, width) + b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda\x00\x02"
            + pattern(3000, number).replace(b"\xff", b"\xfe") + b"\xff\xd9")


def processes():
    """By id: the parent's id and the name."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stream:
                head, _, rest = stream.read().rpartition(")")
        except OSError:
            continue
        found[int(entry)] = (int(rest.split()[1]), head.partition("(")[2])
    return found


def nurseries_and_workers(pid):
    """Of a scan: pairs of a nursery and the worker that it has."""
    found = processes()
    return [(parent, one) for one, (parent, name) in found.items()
            if name == "dalil-parser" and parent in found and found[parent] == (pid, "dalil-parser")]


def kill_one(scan, chance):
    """A worker, or now and then a nursery with all that is below it. False if there was none."""
    pairs = nurseries_and_workers(scan.pid)
    if not pairs:
        return False
    nursery, worker = chance.choice(pairs)
    try:
        os.kill(nursery if chance.random() < 0.2 else worker, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def box(kind, content):
    return struct.pack(">I", len(content) + 8) + kind + content


class Sandbox(Scenario):
    def without(self, *what):
        if not without_calls.known():
            self.skipTest("not on this machine")
        return (sys.executable, "-B", WITHOUT, ",".join(what), "--")

    def locks(self, **options):
        result = self.dalil("status", "--sandbox", "--json", **options)
        return {one["name"]: one for one in result.of("lock")}, result.summary

    def test_status_says_layer_by_layer_what_is_active_and_needs_no_archive(self):
        process = self.start("status", "--sandbox", "--json")
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, NO), err)
        objects = [json.loads(line) for line in out.splitlines()]
        locks = {one["name"]: one for one in objects if one["type"] == "lock"}
        self.assertEqual(set(locks), {"seccomp", "landlock", "resource_limits", "no_new_privileges", "closed_memory"})
        for name, one in locks.items():
            self.assertEqual(one["active"], "reason" not in one, name)
        self.assertEqual(objects[-1]["complete"], all(one["active"] for one in locks.values()))
        self.assertEqual(process.returncode, 0 if objects[-1]["complete"] else NO)
        self.assertTrue(locks["seccomp"]["active"])
        self.assertTrue(locks["closed_memory"]["active"])

    def test_what_the_kernel_lacks_is_named_with_its_reason_and_the_rest_holds(self):
        locks, summary = self.locks(expect=NO, prefix=self.without("landlock"))
        self.assertFalse(locks["landlock"]["active"])
        self.assertEqual(locks["landlock"]["errno"], 38)
        self.assertTrue(locks["seccomp"]["active"])
        self.assertEqual((summary["complete"], summary["landlock_version"]), (False, 0))
        locks, _ = self.locks(expect=NO, prefix=self.without("landlock", "seccomp"))
        self.assertFalse(locks["seccomp"]["active"])
        self.assertTrue(locks["resource_limits"]["active"])
        text = self.dalil("status", "--sandbox", expect=NO, prefix=self.without("seccomp")).out
        self.assertRegex(text, r"system calls +MISSING")
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)

    def test_a_scan_without_a_layer_warns_and_goes_on(self):
        self.make_archive()
        self.write("photo.jpg", jpeg(64, 1))
        result = self.scan(prefix=self.without("landlock"))
        self.assertIn("warning: files were looked into without a layer of protection: files, network", result.err)
        self.assertEqual(len(result.summary["missing_locks"]), 1)
        self.assertEqual(self.dalil("show", "disk:photo.jpg", "--json").of("facts")[0]["width"], 64)

    def test_installed_programs_find_each_other_wherever_they_are(self):
        for folder, names in (("bin", ["dalil"]), ("libexec/dalil", ["dalil-parser", "dalil-parser-ffmpeg.so"])):
            os.makedirs(os.path.join(self.dir, "opt", folder))
            for name in names:
                shutil.copy2(os.path.join(os.path.dirname(DALIL), name), os.path.join(self.dir, "opt", folder))
        env = {name: value for name, value in self.env.items() if name != "DALIL_PARSER"}
        told = subprocess.run([os.path.join(self.dir, "opt/bin/dalil"), "status", "--sandbox", "--json"], env=env,
                              capture_output=True, check=True).stdout
        self.assertIn(os.path.join(self.dir, "opt/bin/../libexec/dalil/dalil-parser"), told.decode())

    def test_workers_that_are_killed_during_a_scan_change_no_digest_and_lose_no_file(self):
        self.make_archive("disk", "other")
        files, wanted = 3000, {}  # a scan of few is over before the first worker is met
        for number in range(files):
            content = jpeg(64, number)
            self.write(f"d{number % 40}/{number}.jpg", content)
            wanted[f"d{number % 40}/{number}.jpg"] = hashlib.sha256(content).hexdigest()
        chance, killed = random.Random(7), 0
        scan = self.start("scan", self.tree, "--volume", "disk", "--json")
        output = []
        reader = threading.Thread(target=lambda: output.append(scan.communicate(timeout=300)))
        reader.start()
        while scan.poll() is None:
            killed += kill_one(scan, chance)
            time.sleep(0.02 + chance.random() / 10 if killed else 0.001)  # a quick scan is not to escape
        reader.join()
        out, err = output[0]
        self.assertEqual(scan.returncode, 0, err)
        summary = json.loads(out.splitlines()[-1])
        self.assert_accounted(summary)
        self.assertEqual((summary["indexed"], summary["failed"], summary["new_items"]), (files, 0, files))
        self.assertGreater(killed, 0)
        found = {copy["path"]: one["digest"] for one in self.dalil("find", "--json").of("item") for copy in one["copies"]}
        self.assertEqual(found, wanted)
        for path in list(wanted)[::500]:
            facts = self.dalil("show", "disk:" + path, "--json").of("facts")[0]
            self.assertTrue(facts.get("width") == 64 or "the parser" in facts["problem"], facts)

    def test_a_scan_that_is_killed_takes_its_parsers_along(self):
        self.make_archive()
        picture, pairs = jpeg(64, 1), []
        for attempt in range(10):
            for number in range(2000):
                self.write(f"{attempt}/{number}.jpg", picture + b"%d %d" % (attempt, number))
            scan = self.start("scan", self.tree, "--volume", "disk")
            while not pairs and scan.poll() is None:
                pairs = nurseries_and_workers(scan.pid)
            scan.kill()
            scan.communicate(timeout=60)
            if pairs:
                break
        self.assertTrue(pairs, "no scan was caught at work")
        parsers, deadline = {one for pair in pairs for one in pair}, time.monotonic() + 30
        while any(processes().get(one, (0, ""))[1] == "dalil-parser" for one in parsers):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_texts_and_references_that_ask_for_a_connection_get_none(self):
        """A session description, playlists and a movie whose samples lie elsewhere, all named as videos."""
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            tcp.listen()
            udp.bind(("127.0.0.1", 0))
            port, datagrams = tcp.getsockname()[1], udp.getsockname()[1]
            url = b"http://127.0.0.1:%d/x.mp4" % port
            self.write("session.mp4", b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                                      b"m=video %d RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n" % datagrams)
            self.write("list.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + url + b"\n#EXT-X-ENDLIST\n")
            self.write("concat.mp4", b"ffconcat version 1.0\nfile '" + url + b"'\nfile '/etc/passwd'\n")
            self.write("dash.mp4", b"<?xml version=\"1.0\"?><MPD><BaseURL>" + url + b"</BaseURL></MPD>")
            reference = box(b"dref", struct.pack(">II", 0, 1) + box(b"url ", b"\0\0\0\0" + url + b"\0"))
            media = box(b"minf", box(b"dinf", reference) + box(b"stbl", box(b"stsd", struct.pack(">II", 0, 0))))
            track = box(b"trak", box(b"mdia", media))
            self.write("elsewhere.mp4", box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", box(b"mvhd", bytes(100)) + track))
            self.make_archive()
            summary = self.scan().summary
            self.assertEqual((summary["indexed"], summary["failed"]), (5, 0))
            for waiting in (tcp.accept, lambda: udp.recv(1)):
                tcp.setblocking(False)
                udp.setblocking(False)
                with self.assertRaises(BlockingIOError):
                    waiting()
        for name in ("session", "list", "concat", "dash"):
            facts = self.dalil("show", f"disk:{name}.mp4", "--json").of("facts")
            self.assertTrue(not facts or facts[0]["kind"] in ("other", "document"), facts)

    @unittest.skipUnless(os.environ.get("DALIL_LONG") and os.path.isdir(CORPORA), "long form, on the corpora")
    def test_real_files_have_the_same_facts_with_and_without_killed_workers(self):
        self.make_archive("disk")
        self.scan(folder=CORPORA)
        calm = {one["digest"] for one in self.dalil("find", "--json").of("item")}
        for number in range(20):
            self.archive = os.path.join(self.dir, f"archive-{number}")
            self.key = os.path.join(self.dir, f"key-{number}")
            self.env.update(DALIL_ARCHIVE=self.archive, DALIL_KEY_FILE=self.key)
            self.make_archive("disk")
            scan = self.start("scan", CORPORA, "--volume", "disk", "--json")
            chance = random.Random(number)
            while scan.poll() is None:
                kill_one(scan, chance)
                time.sleep(chance.random() / 20)
            _, err = scan.communicate(timeout=60)
            self.assertEqual(scan.returncode, 0, err)
            self.assertEqual({one["digest"] for one in self.dalil("find", "--json").of("item")}, calm)


if __name__ == "__main__":
    main()
