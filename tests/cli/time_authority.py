"""A time-stamping authority of the openssl program, for tests that need one without a network."""
import os
import subprocess

CONFIG = """
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[signer]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class TimeAuthority:
    def __init__(self, folder, name="Test authority"):
        self.folder = folder
        os.mkdir(folder)
        self.config = self.write("config", CONFIG.format(folder=folder).encode())
        self.root, self.signer = self.file("root.pem"), self.file("signer.pem")
        for key in ("root.key", "signer.key"):
            self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.file(key))
        self.openssl("req", "-x509", "-new", "-key", self.file("root.key"), "-subj", f"/CN=Root of {name}", "-days", "30",
                     "-config", self.write("empty", b"[req]\ndistinguished_name = dn\n[dn]\n"), "-out", self.root,
                     "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        self.openssl("req", "-new", "-key", self.file("signer.key"), "-subj", f"/CN={name}", "-config", self.file("empty"),
                     "-out", self.file("signer.csr"))
        self.openssl("x509", "-req", "-in", self.file("signer.csr"), "-CA", self.root, "-CAkey", self.file("root.key"),
                     "-CAcreateserial", "-days", "29", "-extfile", self.config, "-extensions", "signer", "-out", self.signer)

    def file(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.file(name), "wb") as file:
            file.write(content)
        return self.file(name)

    @staticmethod
    def openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{arguments}: {done.stderr.decode()}")
        return done.stdout

    def token(self, data):
        """DER of a token over these bytes."""
        self.openssl("ts", "-query", "-data", self.write("data", data), "-sha256", "-cert", "-out", self.file("query"))
        self.openssl("ts", "-reply", "-config", self.config, "-section", "here", "-queryfile", self.file("query"),
                     "-signer", self.signer, "-inkey", self.file("signer.key"), "-token_out", "-out", self.file("token"))
        with open(self.file("token"), "rb") as file:
            return file.read()

    def reply(self, request, reply):
        """Answers a request file by a reply file."""
        self.openssl("ts", "-reply", "-config", self.config, "-section", "here", "-queryfile", request,
                     "-signer", self.signer, "-inkey", self.file("signer.key"), "-out", reply)
        return reply

    def chain(self):
        """DER of the signer's and the root's certificates."""
        return [self.openssl("x509", "-in", one, "-outform", "DER") for one in (self.signer, self.root)]
