# What the cases share; read by run_case.sh before each.  $images holds small PNG files of 4x4
# pixels, named by their one gray level (black 0, dark 60, light 200, white 255) or their defect;
# glass is black, each row of pixels more opaque than the one above, opaque is dark with an alpha
# channel, sensor has values of 16 bits from 0 to 3003, level only those of 500, and beyond has a
# palette index of 7 where the palette has two entries.

# expect CODE COMMAND...: runs the command, which must end with this code.
expect() {
    expected_code=$1
    shift
    code=0
    "$@" || code=$?
    [ "$code" -eq "$expected_code" ] || {
        echo "$*: ended with $code instead of $expected_code"
        exit 1
    }
}

# image NAME FILE: a copy of one of the images, its folder made if new.
image() {
    mkdir -p "$(dirname -- "$2")"
    cp "$images/$1.png" "$2"
}

# make_tree DIR: classes day and night, three images of each in train, two in valid.
make_tree() {
    image black "$1/train/night/1.png"
    image dark "$1/train/night/2.png"
    image black "$1/train/night/10.png"
    image white "$1/train/day/1.png"
    image light "$1/train/day/2.png"
    image white "$1/train/day/10.png"
    image black "$1/valid/night/1.png"
    image dark "$1/valid/night/2.png"
    image white "$1/valid/day/1.png"
    image dark "$1/valid/day/dusk.png"
}

# make_store STORE.h5: the store of that tree, which is left in TREE.
make_store() {
    make_tree tree
    quern-ingest tree "$1" >ingest.log
}

# skip REASON: the case cannot run here.
skip() {
    echo "skipped: $1"
    exit 77
}

# check_man_page PROGRAM: prints the options that its --help and its manual page do not share.
check_man_page() {
    "$1" --help | sed -n 's/^  \(-h, \)\{0,1\}\(--[a-z-]*\).*/\2/p' | sort -u >in_help
    # Entries of the list of options: a .TP, then the option in bold.
    sed -n '/^\.TP/{n;s/\\-/-/g;s/^\.B[IR]* \(-h ", " \)\{0,1\}\(--[a-z-]*\).*/\2/p;}' "$man/$1.1" | sort -u >in_manual
    [ -s in_help ] && [ -s in_manual ] || echo "no options found"
    comm -23 in_help in_manual | sed 's/$/ is not in the manual page/'
    comm -13 in_help in_manual | sed 's/$/ is not in the help/'
}

# make_digits STORE.h5 [OPTION...]: a store of drawn digits, 3 and 7 unless options say otherwise.
make_digits() {
    digits_store=$1
    shift
    quern-draw --train 40 --valid 20 --size 12x12 "$@" digits >/dev/null
    quern-ingest digits "$digits_store" >/dev/null 2>&1
    rm -r digits
}
