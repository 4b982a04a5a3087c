# Nothing is written, and each line at fault is named.
make_tree tree
bad() {
    # shellcheck disable=SC2059 # it has a format
    printf "$@" >labels.csv
    expect 65 quern-ingest tree store.h5 --labels labels.csv
}
bad 'train/day/1.png,day,train\ntrain/day/9.png,day,train\n1.png,day,train\n'
bad 'train/day/1.png,day,train\ntrain/day/1.png,night,train\n'
bad 'path,label\ntrain/day/1.png,\ntrain/day/2.png,\n'
bad 'path,label,split\ntrain/day/1.png,day,train\ntrain/day/2.png,day,dev2\n'
bad 'train/day/1.png,day,train\ntrain/day/2.png,day,TEST\ntrain/day/10.png,day,Val\ntrain/night/1.png,night,\ntrain/night/2.png,night,dev2\n'
bad 'path,label\ntrain/day/1.png,"day\n'
bad 'path,label\ntrain/day/1.png\n'
bad 'train/day/1.png\n'
bad ''
expect 74 quern-ingest tree store.h5 --labels none.csv
expect 2 quern-ingest --merge store.h5 1.h5 --labels labels.csv
ls
