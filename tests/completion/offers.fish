# Usage: fish offers.fish WORK LINE...
source $argv[1]/script
for number in (seq 2 (count $argv))
    # What is offered, a tab, and what it is; directories with their slash.
    complete -C $argv[$number] | string replace -r '\t.*' '' | string replace -r '/$' '' \
        | string unescape >$argv[1]/(math $number - 1)
end
exit 0
