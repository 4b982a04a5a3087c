#!/bin/sh
# bench/table.awk and bench/scale.awk on made-up measurements: medians, ratios, what is met and
# what is not.
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

# Ingest grows from the second size to the third, not from the first, which is dear; load is flat;
# the epoch's growth is that of most turns; memory is the most that was seen.
{
    tab 1000 1 0.050 0.0010 0.00010 1000000 1000 900
    tab 2000 1 0.080 0.0020 0.00020 2000000 2000 1800
    tab 4000 1 0.192 0.0039 0.00044 9000000 4000 3600
    tab 1000 2 0.050 0.0010 0.00010 1000000 1000 900
    tab 2000 2 0.080 0.0020 0.00020 300000000 2000 1800
    tab 4000 2 0.192 0.0041 0.00044 9000000 4000 3600
    tab 1000 3 0.050 0.0010 0.00010 1000000 1000 900
    tab 2000 3 0.080 0.0020 0.00020 2000000 2000 1800
    tab 4000 3 0.192 0.0040 0.00200 9000000 4000 3600
} >measured
cat >expected <<'END'
| images | ingest/image | growth | load/image | growth | epoch/image | growth | ingest peak |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| 1000 | 50.0 us | 1.00 | 1.11 us | 1.00 | 111 ns | 1.00 | 1 MB |
| 2000 | 40.0 us | 0.80 | 1.11 us | 1.00 | 111 ns | 1.00 | 300 MB |
| 4000 | 48.0 us | 0.96 | 1.11 us | 1.00 | 122 ns | 1.10 | 9 MB |

ingest: an image takes at most 1.20 times as long as in any smaller size, missed  
load: an image takes at most 1.00 times as long as in any smaller size, met  
epoch: an image takes at most 1.10 times as long as in any smaller size, met  
peak memory of ingest: 300 MB of 256, missed  
cpu: made of wood  
END
awk -v format=markdown -v plot=plot.svg -f "$QUERN_SOURCE/bench/scale.awk" machine measured >found
diff expected found
[ "$(grep -c '<polyline' plot.svg)" -eq 3 ]
tail -n 1 plot.svg | grep -qx '</svg>'
