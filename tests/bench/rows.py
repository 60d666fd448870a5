"""What is compared with what. Commands are shell text; tools/bench fills in what stands in braces."""
from dataclasses import dataclass, field

LISTED = "find {corpus} -type f -print0 | xargs -0 "


@dataclass(frozen=True)
class Peer:
    name: str
    command: str
    prepare: str = ""          # before each run, not measured
    once: str = ""             # before the first run of the row
    most_runs: int = 99        # for the slow ones


@dataclass(frozen=True)
class Row:
    name: str
    corpus: str
    ours: str                  # a name in dalil's table
    peers: list = field(default_factory=list)
    cold: bool = False
    fresh: bool = False        # a new archive before each run; otherwise one that has scanned the corpus
    archive: bool = True       # needs one at all
    prepare: str = ""          # before each of our runs, not measured


def hashers(slow=True):
    found = [Peer("rhash --sha256", "rhash --sha256 -r {corpus}"),
             Peer("openssl dgst, xargs -P", LISTED + "-P{cores} -n{batch} openssl dgst -sha256 -r"),
             Peer("b3sum", LISTED + "-n2000 b3sum")]
    if slow:
        found += [Peer("hashdeep -c sha256", "hashdeep -c sha256 -r {corpus}", most_runs=3),
                  Peer("sha256sum, xargs -P", LISTED + "-P{cores} -n{batch} sha256sum", most_runs=3)]
    return found


def checkers():
    return [Peer("b3sum --check", "b3sum --quiet --check {work}/{corpus_name}.b3",
                 once="[ -s {work}/{corpus_name}.b3 ] || " + LISTED + "b3sum > {work}/{corpus_name}.b3"),
            Peer("rhash -c", "rhash --sha256 --skip-ok -c {work}/{corpus_name}.rhash",
                 once="[ -s {work}/{corpus_name}.rhash ] || rhash --sha256 -r {corpus} > {work}/{corpus_name}.rhash"),
            Peer("xxhsum -c", "xxhsum -q -c {work}/{corpus_name}.xxh",
                 once="[ -s {work}/{corpus_name}.xxh ] || " + LISTED + "xxhsum -H2 > {work}/{corpus_name}.xxh")]


# As fast as the disk gives it.
DIRECT = Peer("dd iflag=direct", LISTED + "-I{{}} dd if={{}} of=/dev/null bs=1M iflag=direct status=none")

RESTIC = "RESTIC_PASSWORD=bench restic --no-cache -q -r {work}/restic "
RESTIC_FRESH = "rm -rf {work}/restic && " + RESTIC + "init"
EXIFTOOL = Peer("exiftool -fast", "exiftool -fast -r -q -csv {corpus}", most_runs=2)

EMPTY_DRIVES = "rm -rf {work}/drive-1 {work}/drive-2 && mkdir {work}/drive-1 {work}/drive-2 && sync"
# What people do who check what they copied: everything is read from the medium once more.
COPIES = "rm -rf {work}/copy-1 {work}/copy-2 && sync"
READ_BACK = " && find {work}/copy-* -type f -print0 | xargs -0 -n500 cat"


def copying(*numbers):
    copies = " && ".join(f"cp -a {{corpus}} {{work}}/copy-{n}" for n in numbers)
    return Peer("cp -a, sync, read back", copies + " && {drop}" + READ_BACK, COPIES)


def sealing():
    """One process a file, as many as there are processors, then as above."""
    encrypt = (LISTED + "-P{cores} -n{batch} sh -c 'for file; do age -r $(cat {work}/age.pub) -o {work}/copy-1/$(basename \"$file\").age "
               "\"$file\"; done' - && {drop}" + READ_BACK)
    once = "[ -s {work}/age.pub ] || age-keygen -o {work}/age.key 2>&1 | sed 's/.*: //' > {work}/age.pub"
    return Peer("age, xargs -P, sync, read back", encrypt, COPIES + " && mkdir {work}/copy-1", once)


BARE = "{dalil} --archive {work}/bare --key-file {work}/bare.key -q "
WITHOUT_METADATA = Peer(
    "dalil scan --no-metadata", BARE + "scan {corpus} --volume {corpus_name} --no-metadata",
    "rm -rf {work}/bare {work}/bare.key && " + BARE + "init {work}/bare && "
    + BARE + "volume add {corpus_name} --kind working --root {corpus}")
# Each runs five rounds of its own; the processor time is what to look at, as both keep to one processor.
UNLOCKED = Peer("the same without its sandbox", "{programs}/dalil_metadata_speed {corpus} {programs}/dalil_parser_unlocked")

ROWS = [
    Row("first scan, warm", "A", "scan", hashers(), fresh=True),
    Row("first scan, warm", "B", "scan", [*hashers(), EXIFTOOL], fresh=True),
    Row("first scan, digests only, warm", "B", "scan, digests only", hashers(slow=False), fresh=True),
    Row("first scan with and without metadata, warm", "B", "scan", [WITHOUT_METADATA], fresh=True),
    Row("first scan with and without metadata, warm", "R", "scan", [WITHOUT_METADATA], fresh=True),
    Row("pictures looked into by one worker, warm", "B", "metadata", [UNLOCKED], archive=False),
    Row("pictures looked into by one worker, warm", "R", "metadata", [UNLOCKED], archive=False),
    Row("first scan, warm", "C", "scan", [*hashers(), Peer("restic backup", RESTIC + "backup {corpus}", RESTIC_FRESH)],
        fresh=True),
    Row("first scan, cold", "A", "scan", hashers(slow=False), cold=True, fresh=True),
    Row("first scan, cold", "B", "scan", hashers(slow=False), cold=True, fresh=True),
    Row("first scan, cold", "C", "scan", hashers(slow=False), cold=True, fresh=True),
    Row("second scan, warm", "C", "scan", [
        Peer("find -printf", "find {corpus} -printf '%s %T@ %i %p\\n'"),
        Peer("restic backup again", RESTIC + "backup {corpus}",
             once=RESTIC_FRESH + " && " + RESTIC + "backup {corpus}")]),
    Row("verify by tags, warm", "A", "verify", checkers()),
    Row("verify by tags, warm", "B", "verify", checkers()),
    Row("verify by tags, warm", "C", "verify", checkers()),
    Row("verify by SHA-256, warm", "B", "verify --sha256", checkers()[1:2]),
    Row("verify by tags from the medium, cold", "A", "verify --medium", [DIRECT, checkers()[0]], cold=True),
    Row("backup to one drive", "A", "backup", [copying(1)], prepare=EMPTY_DRIVES),
    Row("backup to one drive", "B", "backup", [copying(1)], prepare=EMPTY_DRIVES),
    Row("backup to one drive", "C", "backup", [copying(1)], prepare=EMPTY_DRIVES),
    Row("backup to two drives from one reading", "B", "backup, two drives", [copying(1, 2)], prepare=EMPTY_DRIVES),
    Row("backup to a sealed drive", "A", "backup --sealed", [sealing(), copying(1)], prepare=EMPTY_DRIVES),
    Row("backup to a sealed drive", "B", "backup --sealed", [sealing(), copying(1)], prepare=EMPTY_DRIVES),
    Row("check a proof out of ten million entries", "P", "check-proof",
        [Peer("check-proof.py", "python3 -B {root}/tools/check-proof.py {corpus}/proof.json")], archive=False),
]
