#!/usr/bin/env python3
"""Measures how well versions of pictures and videos are found again (docs/fingerprints.md).

    tests/bench/fingerprints.py [--build DIRECTORY] [--photos N] [--distractors N] [--keep DIRECTORY] FOLDER...

Photos are those below FOLDER that ffmpeg can read and that look like none before them; videos are made of them. Every
one is changed in many ways by ffmpeg, and asked for among the originals and generated distractors. Prints a Markdown
table. Needs ffmpeg with libx264.
"""
import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
FFMPEG = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-threads", "1"]
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".mp4", ".mov")
VIDEOS = 16
SECONDS_EACH = 6


def box(x, y, width, height, inner):
    """A mark with a frame and bars in it: no flat patch, which would be the mildest of all."""
    frame = f"drawbox=x={x}:y={y}:w={width}:h={height}:color=white:t=fill"
    bars = [f"drawbox=x={x}+({width})*{0.1 + 0.2 * i}:y={y}+({height})*0.15:w=({width})*0.1:h=({height})*0.7:"
            f"color={inner}:t=fill" for i in range(4)]
    return ",".join([frame] + bars)


# name: the filter, and the quality of the JPEG that comes out (ffmpeg's scale: 2 is best, 31 worst)
CHANGES = {
    "reencoded-q20": ("null", 20),
    "blur": ("gblur=sigma=3", 3),
    "quarter-size": ("scale=iw/4:-1", 3),
    "crop04-centre": ("crop=iw*0.96:ih*0.96", 3),
    "crop10-centre": ("crop=iw*0.90:ih*0.90", 3),
    "crop20-centre": ("crop=iw*0.80:ih*0.80", 3),
    "crop04-each-side": ("crop=iw*0.92:ih*0.92", 3),
    "crop10-each-side": ("crop=iw*0.80:ih*0.80", 3),
    "crop04-corner": ("crop=iw*0.96:ih*0.96:0:0", 3),
    "crop10-corner": ("crop=iw*0.90:ih*0.90:iw*0.1:ih*0.1", 3),
    "crop10-top": ("crop=iw:ih*0.90:0:ih*0.1", 3),
    "crop20-corner": ("crop=iw*0.80:ih*0.80:iw*0.2:0", 3),
    "letterbox": ("pad=iw:ih*4/3:0:(oh-ih)/2:black", 3),
    "pillarbox-white": ("pad=iw*4/3:ih:(ow-iw)/2:0:white", 3),
    "logo10": (box("iw*0.88", "ih*0.02", "iw*0.10", "ih*0.10", "red"), 3),
    "logo20": (box("iw*0.78", "ih*0.02", "iw*0.20", "ih*0.20", "red"), 3),
    "caption12": (box("0", "ih*0.88", "iw", "ih*0.12", "black"), 3),
    "flip-horizontal": ("hflip", 3),
    "flip-vertical": ("vflip", 3),
    "turned-90": ("transpose=1", 3),
    "rotated-2": ("rotate=2*PI/180", 3),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="+")
    parser.add_argument("--build", default=os.path.join(ROOT, "build/release"), metavar="DIRECTORY")
    parser.add_argument("--photos", type=int, default=250, metavar="N", help="at most (default: 250)")
    parser.add_argument("--distractors", type=int, default=100_000, metavar="N")
    parser.add_argument("--keep", metavar="DIRECTORY", help="where the files are made, and stay")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    return parser.parse_args()


def run(*command):
    """False also if ffmpeg has anything to complain of: a damaged picture is no photo."""
    done = subprocess.run([*FFMPEG, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=300, check=False)
    return done.returncode == 0 and not done.stderr


def candidates(folders):
    for folder in folders:
        for directory, names, files in os.walk(folder):
            names.sort()
            for name in sorted(files):
                if name.lower().endswith(PICTURES):
                    yield os.path.join(directory, name)


def each(jobs, work, items):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(work, items))


def take_in(options, folder):
    """Every candidate as a JPEG without metadata, at most 1,600 pixels wide; a frame of a video."""
    def convert(numbered):
        number, path = numbered
        seek = ["-ss", "1"] if path.lower().endswith((".mp4", ".mov")) else []
        into = os.path.join(folder, f"p{number:04}.jpg")
        if not run(*seek, "-i", path, "-map_metadata", "-1", "-frames:v", "1", "-vf",
                   "scale='min(1600,iw)':-2:flags=area,format=yuvj420p", "-q:v", "2", into) and os.path.exists(into):
            os.remove(into)
    each(options.jobs, convert, enumerate(candidates(options.folder)))


def choose(options, work, folder):
    """Those that look like none before them; the others are removed."""
    chosen = os.path.join(work, "chosen")
    measure(options, os.path.join(work, "none"), folder, folder, "0", chosen)
    with open(chosen, encoding="utf-8") as stream:
        names = stream.read().split()[:options.photos]
    for name in os.listdir(folder):
        if name.partition(".")[0] not in names:
            os.remove(os.path.join(folder, name))
    return names


def measure(options, *arguments, **more):
    """The program that knows the archive, and beside it the worker that looks at the files."""
    environment = {**os.environ, "DALIL_PARSER": os.path.join(options.build, "bin/dalil-parser")}
    subprocess.run([program(options), *arguments], check=True, env=environment, **more)


def program(options):
    for below in ("tests/bench", "bin"):
        path = os.path.join(options.build, below, "dalil_fingerprint_recall")
        if os.path.exists(path):
            return path
    sys.exit("fingerprints: build the target dalil_fingerprint_recall first")


def change_photo(name, originals, variants):
    split = "".join(f"[in{i}]" for i in range(len(CHANGES)))
    chains = [f"[0:v]split={len(CHANGES)}{split}"]
    outputs = []
    for i, (change, (chain, quality)) in enumerate(CHANGES.items()):
        chains.append(f"[in{i}]{chain}[out{i}]")
        outputs += ["-map", f"[out{i}]", "-frames:v", "1", "-q:v", str(quality),
                    os.path.join(variants, f"{name}.{change}.jpg")]
    if not run("-i", os.path.join(originals, name + ".jpg"), "-filter_complex", ";".join(chains), *outputs):
        print(f"fingerprints: ffmpeg failed on {name}", file=sys.stderr)


def make_video(number, names, originals, variants):
    """Slow pans over some photos, with cuts between them; then the whole compressed anew, and its middle half."""
    inputs, chains = [], []
    for i, name in enumerate(names):
        inputs += ["-loop", "1", "-t", str(SECONDS_EACH), "-i", os.path.join(originals, name + ".jpg")]
        move = f"(iw-ow)*t/{SECONDS_EACH}" if i % 2 else f"(iw-ow)*(1-t/{SECONDS_EACH})"
        chains.append(f"[{i}:v]scale=800:450:force_original_aspect_ratio=increase,crop=640:360:{move}:(ih-oh)/2,"
                      f"setsar=1,fps=25,format=yuv420p[s{i}]")
    joined = "".join(f"[s{i}]" for i in range(len(names)))
    shown = "+".join([f"v{number:02}", *names])  # so that a still of it is known for what it is
    video = os.path.join(originals, f"{shown}.mp4")
    run(*inputs, "-filter_complex", ";".join(chains) + f";{joined}concat=n={len(names)}:v=1[v]", "-map", "[v]",
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", "250", video)
    length = SECONDS_EACH * len(names)
    run("-i", video, "-vf", "scale=320:-2", "-c:v", "libx264", "-preset", "veryfast", "-crf", "36",
        os.path.join(variants, f"{shown}.video-reencoded.mp4"))
    run("-ss", str(length / 4 + 0.37), "-i", video, "-t", str(length / 2), "-c:v", "libx264", "-preset", "veryfast",
        "-crf", "26", os.path.join(variants, f"{shown}.video-trimmed-to-half.mp4"))


def main():
    options = arguments()
    if shutil.which("ffmpeg") is None:
        sys.exit("fingerprints: needs ffmpeg")
    work = options.keep or tempfile.mkdtemp(prefix="dalil-fingerprints-")
    originals, variants = os.path.join(work, "originals"), os.path.join(work, "variants")
    try:
        if not os.path.isdir(variants):
            os.makedirs(originals)
            take_in(options, originals)
            names = choose(options, work, originals)
            os.makedirs(variants)
            each(options.jobs, lambda name: change_photo(name, originals, variants), names)
            some = [names[i::VIDEOS][:4] for i in range(VIDEOS)]
            each(options.jobs, lambda one: make_video(*one, originals, variants), enumerate(some))
        archive = os.path.join(work, "archive")
        shutil.rmtree(archive, ignore_errors=True)
        measure(options, archive, originals, variants, str(options.distractors))
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
