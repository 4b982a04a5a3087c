"""links.py PREFIX: every link of the installed documents and man pages leads to something installed.

Relative links of PREFIX/share/doc/quern/**/*.md are files there, with a heading of the name after #;
documents that man pages name are there too, and so are our man pages that they refer to.  Prints
what is wrong, one a line; ends with 1 if something is."""
import pathlib
import re
import sys
import urllib.parse

prefix = pathlib.Path(sys.argv[1])
documents = prefix / "share/doc/quern"
man_pages = prefix / "share/man/man1"
wrong = []
num_links = 0


def without_code(text):
    """Fences and spans of code hold no links."""
    text = re.sub(r"^( *)(```+|~~~+).*?^\1\2[^\S\n]*$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text, flags=re.DOTALL)


def anchors(path):
    """Names of the headings, as pages that show Markdown make them."""
    counts = {}
    names = set()
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for heading in re.findall(r"^#+ +(.*?) *#*$", text, flags=re.MULTILINE):
        heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = counts.get(name, 0)
        counts[name] = number + 1
        names.add(f"{name}-{number}" if number else name)
    return names | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))


def check_link(page, target):
    global num_links
    num_links += 1
    if re.match(r"[a-z]+:", target):
        return
    path, _, anchor = target.partition("#")
    file = (page.parent / urllib.parse.unquote(path)).resolve() if path else page
    if not file.is_relative_to(documents.resolve()):
        wrong.append(f"{page}: leads out of the documents: {target}")
    elif not file.exists():
        wrong.append(f"{page}: dead link: {target}")
    elif anchor and file.suffix == ".md" and anchor not in anchors(file):
        wrong.append(f"{page}: no heading for: {target}")


pages = sorted(documents.rglob("*.md"))
for page in pages:
    text = without_code(page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)", text):
        check_link(page, target)
    for target in re.findall(r"^\[[^]]+\]:\s*<?(\S+?)>?(?:\s|$)", text, flags=re.MULTILINE):
        check_link(page, target)
    for target in re.findall(r"(?:src|srcset|href)=\"([^\"]+)\"", text):
        check_link(page, target)

installed = sorted(man_pages.glob("*.1"))
for page in installed:
    text = page.read_text(encoding="utf-8").replace("\\-", "-").replace("\\(hy", "-").replace("\\&", "")
    # A name of a document, alone or with its folder.
    for name in re.findall(r"[\w./-]*\w\.(?:md|py)\b", text):
        if name.startswith(("/", "docs/", "formats/", "examples/", "bench/")) or name.endswith(".md"):
            num_links += 1
            found = documents / name
            if not found.exists() and not list(documents.rglob(name)):
                wrong.append(f"{page}: names a document that is not installed: {name}")
    for name in re.findall(r"(?:^\.BR +)?\b(quern(?:-[a-z]+)*)\"? *(?:\\f[RP])?\(1\)", text):
        num_links += 1
        if not (man_pages / f"{name}.1").exists():
            wrong.append(f"{page}: refers to a page that is not installed: {name}(1)")

if not pages or not installed or num_links < 20:
    wrong.append(f"only {len(pages)} documents, {len(installed)} man pages, {num_links} links")
print("".join(line + "\n" for line in wrong), end="")
print(f"{len(pages)} documents, {len(installed)} man pages, {num_links} links", file=sys.stderr)
sys.exit(1 if wrong else 0)
