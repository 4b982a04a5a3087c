# Names of wide letters and of many, in 40 columns, where bars have eighths of cells.
for name in 数字 ｆｕｌｌ 'some class with a name that is too long'; do
    image black "tree/train/$name/1.png"
    image white "tree/train/$name/2.png"
done
image dark tree/train/数字/3.png
quern-ingest tree store.h5 --channels rgb >log 2>&1
LC_ALL=C.UTF-8 COLUMNS=40 quern-show store.h5
