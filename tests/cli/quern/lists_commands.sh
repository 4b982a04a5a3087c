# The list of what is installed; what the user has in PATH besides stands apart.
PATH=$(dirname "$(command -v quern)"):/usr/bin:/bin
quern >before
printf '#!/bin/sh\necho "mine: $*"\nexit 7\n' >quern-mine
chmod +x quern-mine
touch quern-no-program
PATH=$PATH:$PWD
quern | tee after | sed 's/^quern [0-9.]*:/quern VERSION:/' | grep -v '^  [a-z-]*  '
# No program of ours is missing.
for command in ingest train evaluate predict show draw pipeline slurm-submit help; do
    grep -q "^  $command  " before || echo "$command is not in the list"
done
quern help | cmp - after
expect 7 quern mine 1 '2  3'
