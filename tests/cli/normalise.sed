# What differs from run to run, or between versions of the libraries.
s/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[-+][0-9]{4} /DATE /
s/[0-9a-f]{64}/HEX64/g
s/fingerprint [0-9a-f]{16}/fingerprint HEX16/
s/expected [0-9a-f]{8}, found [0-9a-f]{8}/expected HEX8, found HEX8/
s/[0-9.]+ (B|kB|MB|GB)\b/SIZE/
s/\(HDF5: [^)]*\)/(HDF5: TEXT)/
# quern-train: the time and samples a second that end an epoch's line.
s/^( +[0-9]+\/[0-9]+ .*[^ ]) +([0-9.]+ m?s|[0-9]+ min [0-9]+ s) +[0-9,.]+( [MG])?$/\1  TIME  RATE/
# Progress, which a machine that is slow enough prints every ten seconds.
/^DATE [a-z-]+: [a-z0-9 /-]+: [0-9,.]+ (of [0-9,.]+ [a-z]+, [0-9]+%|[a-z]+), [0-9,.]+( [MG])?\/s/d
# The images of make_tree are each of one color, and some are equal: what is said of that, by all runs that write a
# store of them.  The cases about it print their notes with something in front.
/^quern-ingest: note: (in this shard )?[0-9,]+ of the [0-9,]+ images of [a-z]+ (is in|are in|equals one before|equal one before)/d
/^quern-ingest: note: (in this shard )?[0-9,]+ images equal one of another class: /d
/^quern-ingest: note: (in this shard )?[0-9,]+ (image is|images are) of one color throughout/d
/^quern-ingest: note: (in this shard )?all images of .* are equal/d
