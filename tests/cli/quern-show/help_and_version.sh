quern-show --help >help.txt
head -n 1 help.txt
quern-show --version
quern-show --help --no-such-option >help.txt 2>&1
grep -c '^  -h, --help ' help.txt
quern-show -h | cmp - help.txt
