# Prints the table of scale.sh and draws it to the file `plot`, as SVG.  Reads two files: what is
# known of the machine (lines "# key: value"), and measurements separated by tabs: size, turn,
# seconds of ingest, load and epoch, bytes of ingest's peak memory, images that ingest handled,
# images that load and epoch handled.  Sizes come in the same order, smallest
# first, in each turn.
BEGIN {
    FS = "\t"
    num_stages = split("ingest load epoch", stages, " ")
    split("#4269d0 #efb118 #3ca951", colours, " ")
    most_growth = 1.15
    most_nbytes = 256e6
}

FILENAME == ARGV[1] { machine[++num_machine] = substr($0, 3); next }

{
    if (!($1 in count))
        sizes[++num_sizes] = $1
    n = ++count[$1]
    for (s = 1; s <= num_stages; s++) {
        time[$1, s, n] = $(2 + s) / $(s == 1 ? 7 : 8)
        growth[$1, s, n] = time[$1, s, n] / time[sizes[1], s, n]
        for (i = 1; i < num_sizes; i++)
            if ((sizes[i], s, n) in time)
                over[sizes[i] " " $1, s, n] = time[$1, s, n] / time[sizes[i], s, n]
    }
    if ($6 > nbytes[$1])
        nbytes[$1] = $6
}

# Of values[key, stage, 1 .. n].
function median(values, key, stage, i, k, n, value, sorted) {
    for (n = 0; (key, stage, n + 1) in values; n++)
        ;
    for (i = 1; i <= n; i++) {
        value = values[key, stage, i] + 0
        for (k = i - 1; k >= 1 && sorted[k] > value; k--)
            sorted[k + 1] = sorted[k]
        sorted[k + 1] = value
    }
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

# Three digits: 12.3 us, 456 ns.
function time_of(seconds) {
    if (seconds >= 0.9995e-6)
        return sprintf(seconds >= 9.995e-6 ? "%.1f us" : "%.2f us", seconds * 1e6)
    return sprintf(seconds >= 99.95e-9 ? "%.0f ns" : "%.1f ns", seconds * 1e9)
}

function print_line(a, b, c, d, e, f, g, h) {
    if (format == "markdown")
        printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", a, b, c, d, e, f, g, h
    else
        printf "%9s %12s %8s %12s %8s %12s %8s %12s\n", a, b, c, d, e, f, g, h
}

function print_verdict(name, found, is_met) {
    printf "%s: %s, %s%s\n", name, found, (is_met ? "met" : "missed"),
        (format == "markdown" ? "  " : "")
}

# Of any size over any smaller one.
function greatest_growth(s, i, k, most, value) {
    for (i = 1; i < num_sizes; i++)
        for (k = i + 1; k <= num_sizes; k++) {
            value = median(over, sizes[i] " " sizes[k], s)
            if (value > most)
                most = value
        }
    return most
}

function print_table(i, s, most, size, all_nbytes) {
    print_line("images", "ingest/image", "growth", "load/image", "growth", "epoch/image", "growth",
               "ingest peak")
    if (format == "markdown")
        print_line("---:", "---:", "---:", "---:", "---:", "---:", "---:", "---:")
    for (i = 1; i <= num_sizes; i++) {
        size = sizes[i]
        print_line(size, time_of(median(time, size, 1)), sprintf("%.2f", median(growth, size, 1)),
                   time_of(median(time, size, 2)), sprintf("%.2f", median(growth, size, 2)),
                   time_of(median(time, size, 3)), sprintf("%.2f", median(growth, size, 3)),
                   sprintf("%.0f MB", nbytes[size] / 1e6))
        if (nbytes[size] > all_nbytes)
            all_nbytes = nbytes[size]
    }
    print ""
    for (s = 1; s <= num_stages && num_sizes > 1; s++) {
        most = greatest_growth(s)
        print_verdict(stages[s], sprintf("an image takes at most %.2f times as long as in any " \
                                         "smaller size", most), most <= most_growth)
    }
    print_verdict("peak memory of ingest", sprintf("%.0f MB of 256", all_nbytes / 1e6),
                  all_nbytes < most_nbytes)
}

# ---- The drawing -------------------------------------------------------------------------------

function x_of(size) {
    if (num_sizes == 1)
        return left
    return left + width * log(size / sizes[1]) / log(sizes[num_sizes] / sizes[1])
}

function y_of(value) {
    return top + height * (1 - value / highest)
}

function svg_text(x, y, anchor, text) {
    printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, text >plot
}

function svg_line(x1, y1, x2, y2, colour) {
    printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x1, y1, x2, y2,
        colour >plot
}

function draw_axes(i, value) {
    printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#eee\"/>\n", left,
        y_of(most_growth), width, y_of(2 - most_growth) - y_of(most_growth) >plot
    for (value = 0; value <= highest + 1e-9; value += 0.25) {
        svg_line(left, y_of(value), left + width, y_of(value), "#ddd")
        svg_text(left - 8, y_of(value) + 4, "end", sprintf("%.2f", value))
    }
    for (i = 1; i <= num_sizes; i++) {
        svg_line(x_of(sizes[i]), top + height, x_of(sizes[i]), top + height + 5, "#333")
        svg_text(x_of(sizes[i]), top + height + 20, "middle", sizes[i])
    }
    svg_text(left + width / 2, top + height + 42, "middle", "images")
    svg_text(left, top - 14, "start",
             "time for an image, that of the smallest size = 1; shaded: within 15 %")
}

function draw_stage(s, i, size, n) {
    printf "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"%s\" points=\"", colours[s] >plot
    for (i = 1; i <= num_sizes; i++)
        printf "%.1f,%.1f ", x_of(sizes[i]), y_of(median(growth, sizes[i], s)) >plot
    print "\"/>" >plot
    for (i = 1; i <= num_sizes; i++) {
        size = sizes[i]
        for (n = 1; n <= count[size]; n++)
            if (growth[size, s, n] <= highest)
                printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"%s\"/>\n", x_of(size),
                    y_of(growth[size, s, n]), colours[s] >plot
    }
    printf "<g fill=\"%s\">", colours[s] >plot
    svg_text(left + width + 12, top + 20 * s, "start",
             stages[s] " " time_of(median(time, sizes[num_sizes], s)))
    print "</g>" >plot
}

function draw(i, s) {
    left = 60; top = 40; width = 420; height = 240
    highest = 1.5
    for (i = 1; i <= num_sizes; i++)
        for (s = 1; s <= num_stages; s++)
            while (median(growth, sizes[i], s) > highest)
                highest += 0.5
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"620\" height=\"340\"" >plot
    print " font-family=\"sans-serif\" font-size=\"12\">" >plot
    print "<rect width=\"620\" height=\"340\" fill=\"white\"/>" >plot
    draw_axes()
    svg_text(left + width + 12, top, "start", "at " sizes[num_sizes] ":")
    for (s = 1; s <= num_stages; s++)
        draw_stage(s)
    print "</svg>" >plot
}

END {
    print_table()
    for (i = 1; i <= num_machine; i++)
        print machine[i] (format == "markdown" ? "  " : "")
    draw()
}
