# Of more classes than have a bar each, the largest, the smallest and their distribution.
class=100
while [ $class -lt 140 ]; do
    image dark tree/train/c$class/1.png
    [ $class -gt 120 ] || image black tree/train/c$class/2.png
    class=$((class + 1))
done
image white tree/train/c105/3.png
quern-ingest tree store.h5 >log 2>&1
quern-show store.h5 | sed -n '/^train:/,$p'
