export LC_ALL=C.UTF-8 COLUMNS=40
quern-show --function sigmoid
quern-show --function mae --colour 256 | sed 's/\x1b/ESC/g' | head -n 6
