# --quiet leaves out notes on how the work is done; results, and what figures are not to be trusted for, stay.
make_store store.h5
quern-train store.h5 --output run --recipe lesson --epochs 2 --quiet >train.txt 2>train.err
quern-train store.h5 --output run --recipe lesson --epochs 3 --quiet >>train.txt 2>>train.err
cat train.err
quern-evaluate run store.h5 >loud.txt 2>loud.err
quern-evaluate --quiet run store.h5 >quiet.txt 2>quiet.err
cmp loud.txt quiet.txt
cat loud.err
test ! -s quiet.err
quern-evaluate --quiet run store.h5 --select best >/dev/null
quern-predict --quiet run tree/valid/day/1.png --csv table.csv
