quern-train --help | sed -n 1p
quern-train --version
quern-train --help --no-such-option >help.txt 2>&1
grep -c '^  -h, --help ' help.txt
quern-train -h | cmp - help.txt
