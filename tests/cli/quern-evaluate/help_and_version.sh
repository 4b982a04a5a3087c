quern-evaluate --help | head -n 1
quern-evaluate --version
quern-evaluate --help --no-such-option >help.txt 2>&1
grep -c '^  -h, --help ' help.txt
quern-evaluate -h | cmp - help.txt
