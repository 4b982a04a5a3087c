# What folders and archives hold besides PNG and JPEG files is left out with a note of its number.
make_store store.h5
quern-train store.h5 --output run --model nearest-mean >/dev/null
image white new/1.png
for name in 1.gif 2.GIF 3.tiff 4.bmp 5.WebP 6.heic words.txt .DS_Store; do
    echo >new/$name
done
image dark new/__MACOSX/1.png
ln -s . new/up
quern-predict run/epoch-0001.h5 new
rm new/up
ln -s nowhere.png new/link.png
mkfifo new/pipe.png
tar -cf new.tar new
tar -rf new.tar new/1.png
rm -r new
quern-predict run/epoch-0001.h5 new.tar
# Where there is nothing else, the error names it.
mkdir foreign
for name in 1.gif 2.gif 3.webp; do
    echo >foreign/$name
done
tar -cf foreign.tar foreign
expect 65 quern-predict run/epoch-0001.h5 foreign
expect 65 quern-predict run/epoch-0001.h5 foreign.tar
# A file of another format that is named itself has a row.
echo GIF89a >1.gif
expect 65 quern-predict run/epoch-0001.h5 1.gif tree/valid/day/1.png
