#!/usr/bin/env python3
"""Opens reports in a headless Chromium, narrow and wide, light and dark, and says what is wrong with them.

usage: check_pages.py REPORT.html[:SECTION,SECTION...]...      the sections that the page must have
"""
import os
import sys

from browser import Browser

MAX_NBYTES = 2_000_000
LEAST_DIFFERENCE = 12  # of two colours of a chart, CIE 1976; about 2 can just be told apart side by side

# Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of color vision deficiency",
# 2009: linear RGB as seen without one of the three kinds of cones.
DEFICIENCIES = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                   (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                     (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
                   (0.004733, 0.691367, 0.303900)),
}


def to_linear(text):
    values = [int(text[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def to_lab(linear):
    r, g, b = (min(1, max(0, v)) for v in linear)
    xyz = ((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047, 0.2126 * r + 0.7152 * g + 0.0722 * b,
           (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883)
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def check_colours(series, faults):
    """The first four colours differ for every kind of eyes; more series differ by dashes and shapes."""
    if not all(series):
        faults.append("the style sheet is not applied")
        return
    for name, matrix in DEFICIENCIES.items():
        seen = []
        for colour in series[:4]:
            linear = to_linear(colour)
            seen.append(to_lab([sum(m * v for m, v in zip(row, linear)) for row in matrix]))
        for i in range(len(seen)):
            for j in range(i):
                distance = sum((a - b) ** 2 for a, b in zip(seen[i], seen[j])) ** 0.5
                if distance < LEAST_DIFFERENCE:
                    faults.append(f"series {j} and {i} look alike to {name}: {distance:.1f}")


def check_events(browser, path, faults):
    here = "file://" + os.path.abspath(path)
    for event in browser.events:
        method, params = event["method"], event["params"]
        if method in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            faults.append("the console says: " + str(params)[:300])
        if method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith("data:") and not url.startswith(here.split("<")[0].split("%")[0]):
                faults.append("a request: " + url[:200])


def check_file(path, faults):
    with open(path, "rb") as file:
        page = file.read()
    if len(page) >= MAX_NBYTES:
        faults.append(f"{len(page)} bytes")
    if not page.startswith(b"<!DOCTYPE html><!--quern report 1-->\n"):
        faults.append("does not begin as a report does")
    page.decode("utf-8")
    for scheme in (b"http:", b"https:", b"src=\"//", b"@import", b"url("):
        if scheme in page:
            faults.append("has " + scheme.decode())


def main():
    failed = False
    script = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "page_checks.js")).read()
    with Browser() as browser:
        for argument in sys.argv[1:]:
            path, _, wanted = argument.partition(":")
            faults, least = [], 99
            check_file(path, faults)
            for width in (360, 1400):
                for dark in (False, True):
                    browser.open(path, width, dark)
                    answer = browser.evaluate(script)
                    check_events(browser, path, faults)
                    least = min(least, answer["least"])
                    faults += [f"{width} {'dark' if dark else 'light'}: {fault}" for fault in answer["faults"]]
                    check_colours(answer["series"], faults)
            missing = [name for name in wanted.split(",") if name and name not in answer["sections"]]
            if missing:
                faults.append(f"no sections {missing}, only {answer['sections']}")
            print(f"{path}: {len(faults)} faults, least contrast of text {least:.2f}")
            for fault in faults[:20]:
                print("  " + fault)
            failed = failed or bool(faults)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
