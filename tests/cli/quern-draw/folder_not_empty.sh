mkdir digits
echo precious >digits/notes.txt
expect 2 quern-draw --train 1 --valid 0 digits
ls digits
quern-draw --train 1 --valid 0 --force digits
quern-draw --train 1 --valid 0 --force digits
find digits | sort
cat digits/notes.txt
