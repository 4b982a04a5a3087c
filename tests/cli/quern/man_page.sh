# Every option of the help is in the manual page, and the other way round; and so is every command.
check_man_page quern
quern | sed -n 's/^  \([a-z-]*\)  .*/\1/p' | while read -r command; do
    sed 's/\\-/-/g' "$man/quern.1" | grep -q "^\.BR\{0,1\} $command\b" || echo "$command is not in the manual page"
done
