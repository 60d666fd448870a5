#!/usr/bin/env python3
"""Measures how well sounds are found again (docs/fingerprints.md).

    tests/bench/sounds.py [--build DIRECTORY] [--speeches N] [--invented N] [--keep DIRECTORY] [FOLDER...]

Originals are 60 speeches by espeak-ng, in voices and languages of its own, 24 invented sounds of all kinds, and the
recordings below FOLDER of which five seconds or more can be decoded. Every one is changed in many ways by ffmpeg, and
asked for among the originals and distractors: other speeches, and invented music, wind, engines and the like. Then each
distractor is asked for among all others. Prints a Markdown table. Needs ffmpeg with libopus and libmp3lame, and
espeak-ng (tools/setup --bench).
"""
import argparse
import concurrent.futures
import os
import random
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
FFMPEG = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-threads", "1"]
RECORDINGS = (".mp4", ".mov", ".3gp", ".m4a", ".mp3", ".wav", ".ogg", ".opus", ".flac", ".avi", ".mkv", ".webm")
ORIGINALS = 60
INVENTED = 24
SECONDS = 20
SHORTEST = 5

LETTERS = {"latin": ("bcdfghjklmnprstvz", "aeiou"), "cyrillic": ("бвгджзклмнпрстфх", "аеиоу"),
           "arabic": ("بتثجحدذرزسشصطعفقكلمنه", "اوي")}
VOICES = [("ar", "arabic"), ("de", "latin"), ("en-gb", "latin"), ("en-us", "latin"), ("es", "latin"), ("fa", "arabic"),
          ("fr-fr", "latin"), ("it", "latin"), ("pl", "latin"), ("ru", "cyrillic"), ("tr", "latin"), ("uk", "cyrillic")]
SPEAKERS = ["", "+m3", "+m7", "+f2", "+f4"]

NOISE = ("anoisesrc=a=0.03:c=pink:r=44100[n];[0:a:0]aresample=44100,volume=0.7[a];"
         "[a][n]amix=inputs=2:duration=first:normalize=0")
PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10"]
# name: filter, how it is encoded, the ending
CHANGES = {
    "opus-16k": (["-c:a", "libopus", "-b:a", "16k"], "ogg"),
    "mp3-32k": (["-c:a", "libmp3lame", "-b:a", "32k", "-ar", "22050"], "mp3"),
    "aac-24k": (["-c:a", "aac", "-b:a", "24k"], "m4a"),
    "telephone": (["-af", "highpass=f=300,lowpass=f=3400", "-ar", "8000", "-c:a", "libmp3lame", "-b:a", "16k"], "mp3"),
    "quieter-18dB": (["-af", "volume=-18dB", "-c:a", "aac", "-b:a", "48k"], "m4a"),
    "louder-clipped": (["-af", "volume=12dB", "-c:a", "aac", "-b:a", "48k"], "m4a"),
    "noise-added": (["-filter_complex", NOISE, "-c:a", "aac", "-b:a", "64k"], "m4a"),
    "faster-2-percent": (["-af", "aresample=44100,asetrate=44982,aresample=44100", "-c:a", "aac", "-b:a", "64k"],
                         "m4a"),
    "tempo-2-percent": (["-af", "atempo=1.02", "-c:a", "aac", "-b:a", "64k"], "m4a"),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="*")
    parser.add_argument("--build", default=os.path.join(ROOT, "build/release"), metavar="DIRECTORY")
    parser.add_argument("--speeches", type=int, default=2000, metavar="N", help="distractors (default: 2000)")
    parser.add_argument("--invented", type=int, default=2000, metavar="N", help="distractors (default: 2000)")
    parser.add_argument("--keep", metavar="DIRECTORY", help="where the files are made, and stay")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    return parser.parse_args()


def run(*command):
    return subprocess.run([*FFMPEG, *map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, timeout=300, check=False).returncode == 0


def each(jobs, work, items):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(work, items))


def text_of(chance, script):
    """Words that nobody knows, of which some come again as words do."""
    consonants, vowels = LETTERS[script]

    def word():
        return "".join(chance.choice(consonants) + chance.choice(vowels) for _ in range(chance.randint(1, 4)))
    lexicon = [word() for _ in range(300)]
    return "".join(chance.choice(lexicon) + chance.choice([" "] * 8 + [", ", ". "]) for _ in range(80))


def speech(number, into):
    chance = random.Random(number)
    voice, script = VOICES[number % len(VOICES)]
    spoken = into + ".spoken"
    subprocess.run(["espeak-ng", "-v", voice + chance.choice(SPEAKERS), "-s", str(chance.randint(130, 190)),
                    "-p", str(chance.randint(30, 70)), "-w", spoken, text_of(chance, script)],
                   stdin=subprocess.DEVNULL, check=True)
    run("-f", "wav", "-i", spoken, "-t", SECONDS, into)
    os.remove(spoken)


def recordings(folders):
    """Those that can be decoded and are not too short."""
    for folder in folders:
        for directory, names, files in os.walk(folder):
            names.sort()
            for name in sorted(files):
                path = os.path.join(directory, name)
                if name.lower().endswith(RECORDINGS) and seconds_of(path) >= SHORTEST:
                    yield path


def seconds_of(path):
    """Of its sound; 0 if it has none."""
    asked = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_entries", "stream=duration",
                            "-of", "csv=p=0", path], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           check=False)
    try:
        return float(asked.stdout.split(",")[0].split()[0])
    except (ValueError, IndexError):
        return 0.0


def measuring(options):
    path = os.path.join(options.build, "tests/bench/dalil_sound_recall")
    if not os.path.exists(path):
        sys.exit("sounds: build the target dalil_sound_recall first")
    return path


def make_originals(options, folder):
    def take(numbered):
        number, path = numbered
        into = os.path.join(folder, f"r{number:03}.wav")
        run("-i", path, "-vn", "-t", 3 * SECONDS, into)
        if os.path.exists(into) and seconds_of(into) < SHORTEST:
            os.remove(into)
    each(options.jobs, lambda number: speech(number, os.path.join(folder, f"s{number:05}.wav")), range(ORIGINALS))
    each(options.jobs, take, enumerate(recordings(options.folder)))
    subprocess.run([measuring(options), "--write", folder, str(INVENTED)], check=True)


def change(path, variants):
    name = os.path.splitext(os.path.basename(path))[0]
    for kind, (how, ending) in CHANGES.items():
        run("-i", path, *how, os.path.join(variants, f"{name}.{kind}.0.{ending}"))
    length = seconds_of(path)
    begin = int(length * 1000 / 4) + 370
    run("-ss", begin / 1000, "-i", path, "-t", length / 2, "-c:a", "aac", "-b:a", "48k",
        os.path.join(variants, f"{name}.trimmed-to-half.{begin}.m4a"))
    run("-ss", begin / 1000, "-i", path, "-t", 7, "-c:a", "libopus", "-b:a", "24k",
        os.path.join(variants, f"{name}.seven-seconds.{begin}.ogg"))
    run("-i", path, *PICTURE, "-map", "0:a", "-map", "1:v", "-t", length, "-c:v", "mpeg4", "-c:a", "aac", "-b:a", "64k",
        os.path.join(variants, f"{name}.another-picture.0.mp4"))


def main():
    options = arguments()
    for program in ("ffmpeg", "espeak-ng"):
        if shutil.which(program) is None:
            sys.exit(f"sounds: needs {program}")
    measured = measuring(options)
    work = options.keep or tempfile.mkdtemp(prefix="dalil-sounds-")
    originals, variants, others = (os.path.join(work, name) for name in ("originals", "variants", "others"))
    try:
        if not os.path.isdir(variants):
            os.makedirs(originals)
            make_originals(options, originals)
            os.makedirs(variants)
            each(options.jobs, lambda name: change(os.path.join(originals, name), variants),
                 sorted(os.listdir(originals)))
            os.makedirs(others)
            first = 10_000  # originals have smaller numbers
            each(options.jobs, lambda number: speech(number, os.path.join(others, f"o{number:05}.wav")),
                 range(first, first + options.speeches))
        archive = os.path.join(work, "archive")
        shutil.rmtree(archive, ignore_errors=True)
        subprocess.run([measured, archive, originals, variants, others, str(options.invented)], check=True,
                       env={**os.environ, "DALIL_PARSER": os.path.join(options.build, "bin/dalil-parser")})
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
