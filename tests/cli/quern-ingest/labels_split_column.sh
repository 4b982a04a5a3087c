# Names of splits in upper and lower case, with a header and without; a third column of other things is none.
make_tree tree
printf 'train/day/1.png,day,train\ntrain/day/2.png,day,TEST\ntrain/day/10.png,day,Val\ntrain/night/1.png,night,TRAIN\ntrain/night/2.png,night,val\ntrain/night/1.png,night,Train\n' >labels.csv
quern-ingest tree bare.h5 --labels labels.csv
{
    echo 'path,label,SPLIT'
    cat labels.csv
} >header.csv
quern-ingest tree header.h5 --labels header.csv
printf 'train/day/1.png,day,4\ntrain/day/2.png,day,train\ntrain/night/1.png,night,5\n' >labels.csv
quern-ingest tree other.h5 --labels labels.csv --valid-fraction 0
