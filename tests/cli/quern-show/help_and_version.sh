quern-show --help | head -n 1
quern-show --version
quern-show --help --no-such-option >help.txt 2>&1
grep -c '^  -h, --help ' help.txt
quern-show -h | cmp - help.txt
