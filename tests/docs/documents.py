"""Reads the blocks of a document, and compares what it shows with what was printed; see run.py."""
import dataclasses
import difflib
import re
import struct
import zlib

FENCE = re.compile(r"^(`{3,})([\w-]*)[ \t]*$")
MARKER = re.compile(r"<!-- test: (.*?) -->", re.DOTALL)
MARKERS = ("not run", "first", "instead", "short", "needs", "exit", "cells")
COMMAND = re.compile(r"(\$ |\./|quern(-[a-z]+)* )")
RUNNABLE = ("sh", "console", "python")


class DocumentError(Exception):
    pass


@dataclasses.dataclass
class Block:
    """A fenced block, or the cells of a table's last column (kind "cells")."""
    line: int
    kind: str
    text: list
    markers: dict
    end: int = 0                       # line of the closing fence, counted from 1


def read_marker(text, line):
    """Of "first: COMMANDS" the name and the value."""
    for name in MARKERS:
        if text.startswith(name + ":"):
            return name, text[len(name) + 1:].strip()
    raise DocumentError(f"line {line}: unknown marker: {text}; expected one of {', '.join(MARKERS)}, "
                        "with a colon and a value")


def read_cells(lines, start):
    """The code spans of the last column of the table at or after line index start; its end."""
    while start < len(lines) and not lines[start].startswith("|"):
        start += 1
    spans, row = [], start
    while row < len(lines) and lines[row].startswith("|"):
        cells = lines[row].strip().strip("|").split("|")
        if row > start + 1:
            spans += [span for span in re.findall(r"`([^`]+)`", cells[-1]) if span.startswith(("quern-", "--"))]
        row += 1
    return spans, row


def read_blocks(text):
    """All blocks of a document in order, with the markers that stand before them."""
    lines = text.split("\n")
    blocks, markers, index = [], {}, 0
    while index < len(lines):
        line = lines[index]
        fence = FENCE.match(line)
        if fence:
            block = Block(index + 1, fence[2], [], markers)
            markers = {}
            index += 1
            while index < len(lines) and lines[index] != fence[1]:
                block.text.append(lines[index])
                index += 1
            if index == len(lines):
                raise DocumentError(f"line {block.line}: the block has no end")
            block.end = index + 1
            blocks.append(block)
        elif line.lstrip().startswith("```"):
            raise DocumentError(f"line {index + 1}: a fence that is indented, or has more than a word behind it")
        elif line.startswith("<!-- test:"):
            first = index
            while "-->" not in lines[index]:
                index += 1
                if index == len(lines):
                    raise DocumentError(f"line {first + 1}: the comment has no end")
            marker = MARKER.fullmatch("\n".join(lines[first:index + 1]).strip())
            if not marker:
                raise DocumentError(f"line {first + 1}: expected <!-- test: ... --> alone on its lines")
            name, value = read_marker(marker[1], first + 1)
            markers[name] = value
            if name == "cells":
                spans, index = read_cells(lines, index + 1)
                spans = [span if span.startswith("quern") else f"{value} {span}" for span in spans]
                blocks.append(Block(first + 1, "cells", spans, markers, index))
                markers = {}
                continue
        elif line.strip() and markers:
            raise DocumentError(f"line {index + 1}: a marker before something that is no block")
        index += 1
    return blocks


def split_console(block):
    """Of a console block the commands, each as its lines and the lines that it shows below."""
    commands = []
    for text in block.text:
        if text.startswith("$ "):
            commands.append(([text[2:]], []))
        elif not commands:
            raise DocumentError(f"line {block.line}: a console block begins with '$ '")
        elif commands[-1][0][-1].endswith("\\") and not commands[-1][1]:
            commands[-1][0].append(text)
        else:
            commands[-1][1].append(text)
    return commands


def check_accounted(blocks):
    """Every block is run, is the output of one that is run, or says why it is neither."""
    previous = None
    for block in blocks:
        if "not run" in block.markers:
            if not block.markers["not run"]:
                raise DocumentError(f"line {block.line}: 'not run' needs a reason")
        elif block.kind == "output":
            if previous is None or previous.kind not in RUNNABLE:
                raise DocumentError(f"line {block.line}: output without the commands that print it before it")
        elif block.kind == "text":
            if any(COMMAND.match(line) for line in block.text):
                raise DocumentError(f"line {block.line}: a block of kind text with a command in it")
        elif block.kind not in RUNNABLE + ("cells",):
            raise DocumentError(f"line {block.line}: a block of kind '{block.kind}', which nobody runs: expected "
                                f"{', '.join(RUNNABLE)}, output or text, or a marker 'not run: REASON' before it")
        previous = block


# ---- what is shown, and what was printed -------------------------------------------------------------

# Numbers of time differ from run to run.
TIMES = [
    (re.compile(r" *(\b[0-9][0-9,]*(\.[0-9]+)? ?(us|µs|ms|s|min|h)\b *)+"), " TIME "),
    (re.compile(r" *\b[0-9][0-9,]*(\.[0-9]+)?( [kMG])? ?((images|samples|files)?/s)\b *"), r" RATE \3 "),
    # The end of an epoch's line: the time, and samples a second.
    (re.compile(r"^( *[0-9]+/[0-9]+ .*[^ ]) +(TIME|[0-9.]+) +[0-9,.]+( [kMG])?$"), r"\1 TIME RATE"),
]
# What a terminal shows without a date, and lines of progress, which it shows on one line that comes and goes.
DATE = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[-+][0-9]{4} ")
PROGRESS = re.compile(r"^[a-z-]+: [a-z0-9 /-]+: [0-9,.]+ (of [0-9,.]+ )?[a-z]+, .*/s")


def is_progress(line):
    date = DATE.match(line)
    return bool(date and PROGRESS.match(line[date.end():]))


def normalise(text):
    lines = []
    for line in text.rstrip("\n").split("\n"):
        if is_progress(line):
            continue
        text_of_line = DATE.sub("", line.rstrip())
        for pattern, replacement in TIMES:
            text_of_line = pattern.sub(replacement, text_of_line)
        lines.append(text_of_line.rstrip())
    while lines and not lines[-1]:
        lines.pop()
    return lines


def is_shown(shown, out, err):
    """Whether the lines shown are those of standard output, or of both streams in any order that keeps each
    one's own.  A line "..." stands for any lines that are left out."""
    def merge(err):
        # reach: the places (j, k) in out and err that the lines shown so far may have come to.
        reach = {(0, 0)}
        for line in shown:
            following = set()
            for j, k in reach:
                if line.strip() == "...":
                    following |= {(a, b) for a in range(j, len(out) + 1) for b in range(k, len(err) + 1)}
                else:
                    if j < len(out) and out[j] == line:
                        following.add((j + 1, k))
                    if k < len(err) and err[k] == line:
                        following.add((j, k + 1))
            reach = following
        return (len(out), len(err)) in reach
    return merge([]) or merge(err)


def update_shown(shown, found):
    """Lines to show instead: those found.  Where lines were left out, others like those shown, as many.

    A line that differs in its times alone stays.
    """
    lines, start = [], 0
    segments = re.split(r"^\.\.\.$", "\n".join(shown), flags=re.MULTILINE)
    for number, text in enumerate(segments):
        segment = text.strip("\n").split("\n") if text.strip("\n") else []
        places = range(start, max(start, len(found) - len(segment)) + 1)
        place = start if number == 0 else max(places, key=lambda i: difflib.SequenceMatcher(
            None, "\n".join(segment), "\n".join(found[i:i + len(segment)]), autojunk=False).ratio())
        end = place + len(segment)
        if number == len(segments) - 1 and segment:
            place, end = (place if number == 0 else max(place, len(found) - len(segment))), len(found)
        lines += (["..."] if number else []) + (found[place:end] if segment else [])
        start = end
    return [next((old for old in shown if normalise(old) == normalise(line)), line) for line in lines]


def png_pixels(path):
    """The header and the rows of a PNG file, decompressed: libraries compress to other bytes."""
    data, position, header, compressed = path.read_bytes(), 8, b"", b""
    while position < len(data):
        nbytes, name = struct.unpack(">I4s", data[position:position + 8])
        content = data[position + 8:position + 8 + nbytes]
        if name == b"IHDR":
            header = content
        elif name == b"IDAT":
            compressed += content
        position += 12 + nbytes
    return header, zlib.decompress(compressed)
