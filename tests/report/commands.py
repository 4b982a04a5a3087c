"""Prints the commands that a report gives: commands.py REPORT.html"""
import html
import re
import sys

page = open(sys.argv[1], encoding="utf-8").read()
for block in re.findall(r'<pre id="commands-\d+"[^>]*><code>(.*?)</code>', page, re.S):
    sys.stdout.write(html.unescape(block))
