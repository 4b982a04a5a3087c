quern --help | head -n 1
quern --version | sed 's, [0-9.]*$, VERSION,'
quern -h >help.txt
quern --help | cmp - help.txt
# No line is wider than a terminal of 80 columns, of any program.
for program in quern quern-draw quern-ingest quern-train quern-evaluate quern-predict quern-show; do
    "$program" --help | sed -n '/^  [^ ]*quern/d;/.\{81\}/p' | sed "s/^/$program: /"
done
