quern-draw --help | head -n 1
quern-draw --version
quern-draw --help --no-such-option >help.txt 2>&1
grep -c '^  -h, --help ' help.txt
quern-draw -h | cmp - help.txt
