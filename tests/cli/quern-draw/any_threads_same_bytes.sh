for threads in 1 2 3; do
    quern-draw --train 10 --valid 3 --threads $threads digits$threads >/dev/null
done
diff -r digits1 digits2
diff -r digits1 digits3
