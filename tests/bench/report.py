"""The results as a table for people."""
import os
import platform
import subprocess


def output_of(*command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def machine(cache, root):
    """What a reader needs to judge the numbers. No host name."""
    lines = {}
    for name in ("/proc/cpuinfo", "/proc/meminfo"):
        with open(name, encoding="utf-8") as stream:
            for line in stream:
                key, _, value = line.partition(":")
                lines.setdefault(key.strip(), value.strip())
    disk = output_of("findmnt", "-no", "FSTYPE", "-T", cache)
    commit = output_of("git", "-C", root, "rev-parse", "--short", "HEAD")
    changed = output_of("git", "-C", root, "status", "--porcelain", "--untracked-files=no")
    return {"processor": lines.get("model name", platform.machine()), "cores": os.cpu_count(),
            "sha_instructions": "sha_ni" in lines.get("flags", "").split(),
            "memory_gib": round(int(lines["MemTotal"].split()[0]) / 2**20, 1), "kernel": platform.release(),
            "file_system": disk, "commit": commit + ("+changes" if changed else "")}


def _row(cells):
    return "| " + " | ".join(cells) + " |"


def _took(result):
    peak = result["peak_rss_mb"]
    memory = f"{peak:.0f}" if peak > result["least_peak_mb"] + 1 else f"< {peak:.0f}"
    return [*(f"{result[time]:.{2 if result[time] >= 0.1 else 3}f}" for time in ("wall_s", "cpu_s")), memory]


def _ratio(value):
    return f"**{value['median']:.2f}** ({value['least']:.2f} to {value['greatest']:.2f})"


def markdown(data):
    m = data["machine"]
    out = [f"# Measurements of {data['date']}", "",
           f"{m['processor']}, {m['cores']} cores, SHA instructions: {'yes' if m['sha_instructions'] else 'no'}, "
           f"{m['memory_gib']} GiB, kernel {m['kernel']}, {m['file_system']}; commit {m['commit']}; "
           f"{data['runs']} interleaved rounds, medians; ratio = dalil / other, median of the rounds "
           "(least to greatest), below 1 is faster. Seconds of wall clock and of processor; peak memory in MB.", ""]
    for name, corpus in data["corpora"].items():
        out.append(f"- {name}: {corpus['files']:,} files, {corpus['bytes'] / 1e9:.2f} GB")
    out += ["", _row(["row", "tool", "wall s", "CPU s", "MB", "ratio of wall", "ratio of CPU"]),
            _row(["---", "---", "---:", "---:", "---:", "---:", "---:"])]
    for row in data["rows"]:
        title = f"{row['name']}, {row['corpus']}"
        for result in row["results"]:
            ratios = [_ratio(result[k]) if k in result else "" for k in ("wall_ratio", "cpu_ratio")]
            took = _took(result) if "wall_s" in result else [result["problem"], "", ""]
            out.append(_row([title, result["tool"], *took, *ratios]))
            title = ""
    out += ["", "Limits of this machine:", ""] + [f"- {line}" for line in data["limits"]]
    if data["archives"]:
        out += ["", "Size of the archive after one scan:", ""]
        out += [f"- {name}: {archive['bytes']:,} bytes, {archive['bytes_per_file']:.0f} a file"
                for name, archive in data["archives"].items()]
    out += ["", "Other tools: " + "; ".join(data["tools"])]
    return "\n".join(out) + "\n"
