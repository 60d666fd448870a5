"""Time-stamps by an authority that the openssl program plays, over an air gap and over the network."""
import contextlib
import http.server
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import unittest

from scenario import FAILURE, Scenario, main

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
CONFIG = """
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[web]
subjectAltName = DNS:localhost
[req]
distinguished_name = name
[name]
[authority]
serial = {dir}/serial
signer_cert = {dir}/tsa.pem
signer_key = {dir}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
tsa_name = yes
ess_cert_id_alg = sha256
"""


def openssl(*arguments, check=True):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=check)


class Authority:
    """A certificate authority and a time-stamp authority in a directory."""

    def __init__(self, directory, name="Test"):
        os.mkdir(directory)
        self.dir = directory
        self.config = self.at("openssl.cnf")
        with open(self.config, "w") as file:
            file.write(CONFIG.format(dir=directory))
        with open(self.at("serial"), "w") as file:
            file.write("01\n")
        self.root = self.at("root.pem")
        openssl("req", "-x509", *self.new_key("root.key"), "-out", self.root, "-days", 3650, "-extensions", "ca",
                "-config", self.config, "-subj", f"/CN={name} root")
        self.issue("tsa", f"/CN={name} authority")

    def at(self, name):
        return os.path.join(self.dir, name)

    def new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.at(name)]

    def issue(self, name, subject):
        openssl("req", *self.new_key(name + ".key"), "-out", self.at("request.csr"), "-config", self.config, "-subj",
                subject)
        openssl("x509", "-req", "-in", self.at("request.csr"), "-CA", self.root, "-CAkey", self.at("root.key"),
                "-days", 365, "-extfile", self.config, "-extensions", name, "-set_serial", hash(name) % 1000 + 2,
                "-out", self.at(name + ".pem"))

    def reply(self, request, reply):
        openssl("ts", "-reply", "-config", self.config, "-section", "authority", "-queryfile", request, "-out", reply)
        return reply


class Server:
    """Answers POSTs on 127.0.0.1 by a function: request bytes -> (status, content type, body)."""

    def __init__(self, answer, tls=None):
        outer = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests.append((self.path, self.headers.get("Content-Type"), body))
                status, kind, content = answer(body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status in (301, 302):
                    self.send_header("Location", "http://127.0.0.1:9/")
                self.end_headers()
                with contextlib.suppress(OSError):
                    for piece in content if isinstance(content, list) else [content]:
                        if isinstance(piece, float):
                            outer.stop.wait(piece)
                        else:
                            self.wfile.write(piece)
                            self.wfile.flush()

            def log_message(self, *_):
                pass

        self.stop = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that does not trust us hangs up
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self):
        self.stop.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Stamping(Scenario):
    def setUp(self):
        super().setUp()
        self.env.update(SSL_CERT_FILE="/dev/null", SSL_CERT_DIR="/nonexistent")
        for name in [name for name in self.env if name.lower() in ("http_proxy", "https_proxy", "no_proxy")]:
            del self.env[name]
        self.authority = Authority(self.path("authority"))
        self.make_archive()

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def serve(self, answer, **options):
        server = Server(answer, **options)
        self.addCleanup(server.close)
        return server

    def stamp(self, body):
        """What a working authority answers."""
        with open(self.path("in.tsq"), "wb") as file:
            file.write(body)
        with open(self.authority.reply(self.path("in.tsq"), self.path("out.tsr")), "rb") as file:
            return 200, REPLY, file.read()

    def entries(self):
        return self.dalil("timestamp", "list", "--json").summary["entries"]

    def listed(self):
        return self.dalil("timestamp", "list", "--json").of("timestamp")

    def request(self, name="a.tsq"):
        self.dalil("timestamp", "request", "--out", self.path(name))
        return self.path(name)

    def add_entry(self, label):
        self.dalil("volume", "add", label, "--kind", "backup")


class AirGap(Stamping):
    def test_a_request_goes_out_as_a_file_and_the_reply_comes_back_as_one(self):
        covered = self.dalil("timestamp", "request", "--out", self.path("a.tsq"), "--json").summary["size"]
        self.assertIn(b"Hash Algorithm: sha256", openssl("ts", "-query", "-in", self.path("a.tsq"), "-text").stdout)
        self.assertIn(os.path.getsize(self.path("a.tsq")), range(65, 71))  # the nonce may be some bytes shorter
        self.add_entry("later")
        reply = self.authority.reply(self.path("a.tsq"), self.path("a.tsr"))
        result = self.dalil("timestamp", "attach", reply, "--request", self.path("a.tsq"), "--ca",
                            self.authority.root)
        self.assertIn("Test authority", result.out)
        self.assertNotIn("warning", result.err)
        [stamp] = self.listed()
        self.assertEqual((stamp["size"], stamp["result"], stamp["chain_trusted"]), (covered, "valid", True))
        self.assertEqual(stamp["authority"], "CN=Test authority")
        self.assertEqual(stamp["root"], "CN=Test root")
        self.assertEqual(stamp["accuracy_us"], 1_000_000)
        log = self.dalil("log", "--json").of("entry")
        self.assertIn("time-stamped", log[-1]["what"])
        self.assert_sound()

    def test_a_request_is_not_written_over_another(self):
        request = self.request()
        before = open(request, "rb").read()
        self.fails("timestamp", "request", "--out", request, expect=FAILURE, message="exists already")
        self.assertEqual(open(request, "rb").read(), before)

    def test_a_reply_to_another_request_is_refused(self):
        first, second = self.request("1.tsq"), self.request("2.tsq")
        self.add_entry("more")
        third = self.request("3.tsq")
        before = self.entries()
        reply = self.authority.reply(first, self.path("1.tsr"))
        self.fails("timestamp", "attach", reply, "--request", second, "--ca", self.authority.root, expect=FAILURE,
                   message="the nonce differs", hint="nothing was attached")
        self.fails("timestamp", "attach", reply, "--request", third, expect=FAILURE,
                   message="does not answer the request")
        self.assertEqual(self.entries(), before)
        self.dalil("timestamp", "attach", reply, "--request", first, "--ca", self.authority.root)

    def test_a_reply_for_another_archive_is_refused(self):
        reply = self.authority.reply(self.request(), self.path("a.tsr"))
        self.archive = self.path("other")
        self.env["DALIL_ARCHIVE"] = self.archive
        self.make_archive()
        before = self.entries()
        self.fails("timestamp", "attach", reply, expect=FAILURE, message="no checkpoint of this archive")
        self.assertEqual(self.entries(), before)

    def test_an_unknown_authority_is_refused_and_without_ca_it_is_said_that_nobody_looked(self):
        reply = self.authority.reply(self.request(), self.path("a.tsr"))
        other = Authority(self.path("other-authority"), "Other")
        self.fails("timestamp", "attach", reply, "--ca", other.root, expect=FAILURE, message="not valid")
        self.assertEqual(self.listed(), [])
        result = self.dalil("timestamp", "attach", reply)
        self.assertIn("anybody could have made", result.err)
        self.assertFalse(self.listed()[0]["chain_trusted"])
        self.assertIn("root not checked", self.dalil("timestamp", "list").out)
        self.fails("timestamp", "attach", reply, expect=FAILURE, message="attached already")
        self.dalil("timestamp", "attach", reply, "--ca", self.authority.root)
        self.assertEqual([one["chain_trusted"] for one in self.listed()], [False, True])
        self.assert_sound()

    def test_files_that_are_none_are_refused(self):
        reply = self.authority.reply(self.request(), self.path("a.tsr"))
        whole = open(reply, "rb").read()
        before = self.entries()
        for content, message in ((b"", "no time-stamp reply"), (whole[:-1], "no time-stamp reply"),
                                 (b"<html>no</html>", "no time-stamp reply"), (b"0" * 70_000, "larger than")):
            bad = self.write("bad", content, below=self.dir)
            self.fails("timestamp", "attach", bad, expect=FAILURE, message=message)
        self.fails("timestamp", "attach", reply, "--ca", reply, expect=FAILURE, message="there is no certificate",
                   hint="BEGIN CERTIFICATE")
        self.fails("timestamp", "attach", reply, "--request", reply, expect=FAILURE,
                   message="no time-stamp request")
        self.assertEqual(self.entries(), before)

    def test_a_refusal_is_told_in_the_authoritys_words(self):
        with open(self.path("data"), "w") as file:
            file.write("data")
        openssl("ts", "-query", "-data", self.path("data"), "-sha512", "-out", self.path("b.tsq"))
        reply = self.authority.reply(self.path("b.tsq"), self.path("b.tsr"))
        self.fails("timestamp", "attach", reply, expect=FAILURE, message="rejection, unknown algorithm")

    def test_stock_openssl_agrees_with_what_was_stored(self):
        self.request()
        reply = self.authority.reply(self.path("a.tsq"), self.path("a.tsr"))
        self.add_entry("later")
        self.dalil("timestamp", "attach", reply, "--ca", self.authority.root)
        [stamp] = self.listed()
        shown = self.dalil("timestamp", "export", str(stamp["seq"]), "--out", self.path("out")).out
        self.assertEqual(sorted(os.listdir(self.path("out"))),
                         ["chain.pem", "checkpoint.txt", "root.pem", "token.tst"])
        command = re.search(r"openssl ts .*\\\n.*", shown).group(0)
        right = subprocess.run(command, shell=True, cwd=self.path("out"), capture_output=True)
        self.assertIn(b"Verification: OK", right.stdout, right)
        with open(self.path("out", "checkpoint.txt"), "a") as file:
            file.write("\n")
        wrong = subprocess.run(command, shell=True, cwd=self.path("out"), capture_output=True)
        self.assertNotEqual(wrong.returncode, 0)
        root = openssl("x509", "-in", self.path("out", "root.pem"), "-outform", "DER").stdout
        self.assertEqual(root, openssl("x509", "-in", self.authority.root, "-outform", "DER").stdout)

    def test_an_export_is_whole_or_not_there(self):
        self.request()
        self.dalil("timestamp", "attach", self.authority.reply(self.path("a.tsq"), self.path("a.tsr")))
        [stamp] = self.listed()
        os.mkdir(self.path("there"))
        self.fails("timestamp", "export", str(stamp["seq"]), "--out", self.path("there"), expect=FAILURE,
                   message="exists already")
        self.assertEqual(os.listdir(self.path("there")), [])
        self.fails("timestamp", "export", "0", "--out", self.path("new"), expect=FAILURE,
                   message="attaches no time-stamp")
        self.assertFalse(os.path.exists(self.path("new")))
        self.dalil("timestamp", "export", str(stamp["seq"]), "--out", self.path("new"))
        self.assertEqual(sorted(os.listdir(self.path("new"))), ["chain.pem", "checkpoint.txt", "token.tst"])


class Network(Stamping):
    def fetch(self, server, *arguments, scheme="http", host="127.0.0.1", **options):
        return self.dalil("timestamp", "fetch", f"{scheme}://{host}:{server.port}/tsa?kind=1", "--ca",
                          self.authority.root, *arguments, **options)

    def fetch_fails(self, server, message, *arguments, scheme="http", host="127.0.0.1", **options):
        before = self.entries()
        result = self.fails("timestamp", "fetch", f"{scheme}://{host}:{server.port}/tsa", "--ca",
                            self.authority.root, *arguments, expect=FAILURE, message=message, **options)
        self.assertEqual(self.entries(), before)
        return result

    def test_fetching_asks_checks_and_attaches(self):
        server = self.serve(self.stamp)
        self.fetch(server)
        [(path, kind, body)] = server.requests
        self.assertEqual((path, kind), ("/tsa?kind=1", QUERY))
        self.assertLessEqual(len(body), 70)
        self.fetch(server)
        sizes = [one["size"] for one in self.listed()]
        self.assertEqual(sizes[1], sizes[0] + 1)  # the second one covers the entry of the first
        self.assert_sound()

    def test_an_https_server_has_to_prove_its_name(self):
        self.authority.issue("web", "/CN=localhost")
        server = self.serve(self.stamp, tls=(self.authority.at("web.pem"), self.authority.at("web.key")))
        trusting = {"SSL_CERT_FILE": self.authority.root}
        self.fetch_fails(server, "certificate verify failed", scheme="https", host="localhost")
        self.fetch_fails(server, "certificate verify failed", scheme="https", env=trusting)  # 127.0.0.1
        self.fetch(server, scheme="https", host="localhost", env=trusting)
        self.assertEqual(len(self.listed()), 1)
        self.assertEqual(len(server.requests), 1)

    def test_a_proxy_is_used_where_the_environment_names_one(self):
        seen = []

        def proxied(body):
            seen.append(body)
            return self.stamp(body)

        proxy = self.serve(proxied)
        self.dalil("timestamp", "fetch", "http://tsa.invalid/tsa", "--ca", self.authority.root,
                   env={"http_proxy": f"http://127.0.0.1:{proxy.port}"})
        self.assertEqual(proxy.requests[0][0], "http://tsa.invalid:80/tsa")
        self.assertEqual(len(self.listed()), 1)

    def test_https_goes_through_a_proxy_as_a_tunnel(self):
        self.authority.issue("web", "/CN=localhost")
        server = self.serve(self.stamp, tls=(self.authority.at("web.pem"), self.authority.at("web.key")))
        tunnel = Tunnel(server.port)
        self.addCleanup(tunnel.close)
        self.fetch(server, scheme="https", host="localhost",
                   env={"SSL_CERT_FILE": self.authority.root, "https_proxy": f"http://127.0.0.1:{tunnel.port}"})
        self.assertEqual(tunnel.asked, [f"CONNECT localhost:{server.port} HTTP/1.0"])
        self.assertEqual(len(self.listed()), 1)

    def test_answers_that_are_no_time_stamp_append_nothing(self):
        old = self.stamp(open(self.request("old.tsq"), "rb").read())
        for answer, message in (
                ((500, "text/html", b"<html>"), "code=500"),
                ((404, "text/html", b"<html>"), "code=404"),
                ((302, "text/html", b""), "redirect"),
                ((200, "text/html", b"<html>"), "not with a time-stamp"),
                ((200, REPLY, b"<html>"), "no time-stamp from"),
                ((200, REPLY, b""), "no time-stamp from"),
                ((200, REPLY, old[2][:-10]), "no time-stamp from"),
                ((200, REPLY, b"\x30\x84\x7f\xff\xff\xff" + b"x" * 200_000), "larger than 64 KiB"),
                ((200, REPLY, b"\x30\x83\x01\x00\x01" + b"x" * 70_000), "larger than 64 KiB"),
                (old, "the nonce differs")):
            with self.subTest(message=message, answer=answer[2][:20]):
                self.fetch_fails(self.serve(lambda _, answer=answer: answer), message)

    def test_a_refusal_is_told(self):
        openssl("ts", "-query", "-digest", "00" * 64, "-sha512", "-out", self.path("b.tsq"))
        refused = self.stamp(open(self.path("b.tsq"), "rb").read())
        self.fetch_fails(self.serve(lambda _: refused), "the authority granted none: rejection")

    def test_a_server_that_is_slow_or_silent_is_given_up(self):
        silent = self.serve(lambda _: (200, REPLY, [60.0]))
        dripping = self.serve(lambda _: (200, REPLY, [b"\x30", 0.2] * 300))
        for server in (silent, dripping):
            began = time.monotonic()
            self.fetch_fails(server, "no time-stamp from", "--timeout", "2")
            self.assertLess(time.monotonic() - began, 30)

    def test_a_server_that_is_not_there_is_an_error(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        self.fails("timestamp", "fetch", f"http://127.0.0.1:{port}/", expect=FAILURE, message="onnect")
        for bad in ("ftp://127.0.0.1/", "tsa", "http://", "http://user:pass@127.0.0.1/", "http://a b/", "file:///x"):
            self.fails("timestamp", "fetch", bad, expect=FAILURE, message="is no address")

    def test_nothing_is_sent_by_what_cannot_attach(self):
        server = self.serve(self.stamp)
        address = f"http://127.0.0.1:{server.port}/"
        self.fails("timestamp", "fetch", address, "--ca", self.path("none.pem"), expect=FAILURE, message="none.pem")
        self.fails("timestamp", "fetch", address, "--key-file", self.path("none.txt"), expect=FAILURE,
                   message="none.txt")
        self.assertEqual(server.requests, [])

    def test_an_altered_reply_is_refused(self):
        def altered(body):
            status, kind, reply = self.stamp(body)
            place = reply.rindex(b"Z", 0, reply.index(b"Test")) - 5  # a digit of the time
            return status, kind, reply[:place] + bytes([reply[place] ^ 1]) + reply[place + 1:]

        self.fetch_fails(self.serve(altered), "not valid")


class Tunnel:
    """A proxy that knows CONNECT, for one connection to a port of this machine."""

    def __init__(self, target):
        self.target, self.asked = target, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(30)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with contextlib.suppress(OSError):
            client, _ = self.listener.accept()
            client.settimeout(30)
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.asked.append(head.split(b"\r\n")[0].decode())
            server = socket.create_connection(("127.0.0.1", self.target), timeout=30)
            client.sendall(b"HTTP/1.0 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self.pump, args=(server, client), daemon=True)
            back.start()
            self.pump(client, server)
            back.join(10)
            client.close()
            server.close()

    @staticmethod
    def pump(source, sink):
        with contextlib.suppress(OSError):
            while piece := source.recv(4096):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.close()
        self.thread.join(35)


if __name__ == "__main__":
    main()
