# No escape codes reach a file, whatever the terminal, and no line is wider than 80 columns.
quern-draw tree --train 5 --valid 2 --classes 3,7 >draw.log 2>&1
quern-ingest tree store.h5 >log 2>&1
export TERM=xterm-kitty COLORTERM=truecolor KITTY_WINDOW_ID=1
for view in '' '--image train/3' '--image train/3 --pixels' --mean '--grid 3x9'; do
    # shellcheck disable=SC2086
    quern-show store.h5 $view >out 2>/dev/null
    quern-show --function mae >>out
    awk 'length($0) > 80 { print "wide: " $0 }' out
    # shellcheck disable=SC2086
    LC_ALL=C.UTF-8 quern-show store.h5 $view >>out 2>/dev/null
    LC_ALL=C.UTF-8 quern-show --function sigmoid >>out
    tr -d '\n\040-\176\200-\377' <out | wc -c
done
