# The same process becomes the program: its arguments, its output, its exit status.
quern draw --train 2 --valid 1 digits
quern-draw --help >help-of-draw
quern help draw | cmp - help-of-draw
quern draw --help | cmp - help-of-draw
expect 74 quern evaluate nothing.h5 no_store.h5
expect 2 quern train --no-such-option
# A name in another folder, and a link, lead to the programs beside the file itself.
mkdir elsewhere
ln -s "$(command -v quern)" elsewhere/quern
PATH=/usr/bin:/bin elsewhere/quern draw --version | sed 's/ [0-9.]*$/ VERSION/'
PATH=/usr/bin:/bin elsewhere/quern pipeline --version | sed 's/ [0-9.]*$/ VERSION/'
# Signals are those of the program.
quern draw --train 1000000 --threads 1 many >/dev/null 2>&1 &
kill -TERM $!
code=0
wait $! 2>/dev/null || code=$?
echo "ended with $code"
