#!/bin/sh
# bench/table.awk on made-up measurements: medians, ratios, what is met and what is not.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

printf '# cpu: made of wood\n' >machine
tab() { # tab FIELD...: a line
    printf '%s' "$1"
    shift
    printf '\t%s' "$@"
    echo
}
{
    tab fast mill "hand" 10 least - "hand 1.0"
    tab slow mill "hand" 10 least - -
    tab limit mill "floor" 2 most - -
    tab beyond mill "floor" 2 most - -
    tab free mill "wind" - least - -
    tab alone mill "water" 3 least python3-water -
} >rows
{
    # The median of the ratios, not the ratio of the medians; and an odd and an even count.
    tab fast 1 0.1 1.1
    tab fast 2 0.2 2.0
    tab fast 3 0.0001 0.0099
    tab slow 1 0.5 4
    tab slow 2 0.25 2.9
    tab limit 1 0.003 0.0015
    tab beyond 1 0.00301 0.0015
    tab free 1 3 6
    tab alone 1 12 -
} >measured
cat >expected <<'END'
| row | ours | time | against | time | ratio (least, most) | target |  |
| --- | --- | ---: | --- | ---: | ---: | ---: | --- |
| fast | mill | 100 ms | hand | 1.10 s | 11.0 (10.0 to 99.0) | 10 | met |
| slow | mill | 375 ms | hand | 3.45 s | 9.80 (8.00 to 11.6) | 10 | missed |
| limit | mill | 3.00 ms | floor | 1.50 ms | 2.00 (2.00 to 2.00) | within 2 | met |
| beyond | mill | 3.01 ms | floor | 1.50 ms | 2.01 (2.01 to 2.01) | within 2 | missed |
| free | mill | 3.00 s | wind | 6.00 s | 2.00 (2.00 to 2.00) | - |  |
| alone | mill | 12.0 s | water | - | - | 3 | not installed: python3-water |

cpu: made of wood  
fast: hand 1.0  
END
awk -v format=markdown -f "$QUERN_SOURCE/bench/table.awk" machine rows measured >found
diff expected found
