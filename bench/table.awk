# Prints the table.  Reads three files: what is known of the machine (lines "# key: value"), the
# rows (row, ours, theirs, target, limit, missing, peer) and the measurements (row, turn, our
# seconds, their seconds or -), separated by tabs.  limit is least where the target is the least
# ratio of their seconds to ours that will do, and most where it is the greatest of ours to theirs.
BEGIN { FS = "\t" }

FILENAME == ARGV[1] { machine[++num_machine] = substr($0, 3); next }

FILENAME == ARGV[2] {
    rows[++num_rows] = $1
    ours[$1] = $2; theirs[$1] = $3; target[$1] = $4; limit[$1] = $5
    missing[$1] = $6; peer[$1] = $7
    next
}

{
    count[$1]++
    our_seconds[$1, count[$1]] = $3
    their_seconds[$1, count[$1]] = $4
    if ($4 != "-")
        ratio[$1, count[$1]] = limit[$1] == "least" ? $4 / $3 : $3 / $4
}

# Sorts values[row, 1 .. count] into sorted[1 .. count].
function sort_values(values, row, i, k, value) {
    for (i = 1; i <= count[row]; i++) {
        value = values[row, i] + 0
        for (k = i - 1; k >= 1 && sorted[k] > value; k--)
            sorted[k + 1] = sorted[k]
        sorted[k + 1] = value
    }
}

function median(values, row, n) {
    sort_values(values, row)
    n = count[row]
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

# Three digits: 1.23 s, 45.6 ms, 789 us.
function time_of(seconds) {
    if (seconds >= 0.9995)
        return digits_of(seconds) " s"
    if (seconds >= 0.0009995)
        return digits_of(seconds * 1e3) " ms"
    return digits_of(seconds * 1e6) " us"
}

function digits_of(value) {
    return sprintf(value >= 99.95 ? "%.0f" : value >= 9.995 ? "%.1f" : "%.2f", value)
}

function print_line(a, b, c, d, e, f, g, h) {
    if (format == "markdown")
        printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", a, b, c, d, e, f, g, h
    else
        printf "%-14s %-37s %9s  %-37s %9s  %-22s %9s  %s\n", a, b, c, d, e, f, g, h
}

function print_row(row, middle, our_time, their_time, range) {
    our_time = time_of(median(our_seconds, row))
    if (missing[row] != "-") {
        print_line(row, ours[row], our_time, theirs[row], "-", "-", target_of(row),
                   "not installed: " missing[row])
        return
    }
    their_time = time_of(median(their_seconds, row))
    middle = median(ratio, row)
    range = sprintf("%s (%s to %s)", digits_of(middle), digits_of(sorted[1]),
                    digits_of(sorted[count[row]]))
    print_line(row, ours[row], our_time, theirs[row], their_time, range, target_of(row),
               verdict_of(row, middle))
}

function verdict_of(row, middle) {
    if (target[row] == "-")
        return ""
    if (limit[row] == "least" ? middle >= target[row] : middle <= target[row])
        return "met"
    return "missed"
}

function target_of(row) {
    return (limit[row] == "least" ? "" : "within ") target[row]
}

END {
    print_line("row", "ours", "time", "against", "time", "ratio (least, most)", "target", "")
    if (format == "markdown")
        print_line("---", "---", "---:", "---", "---:", "---:", "---:", "---")
    for (i = 1; i <= num_rows; i++)
        print_row(rows[i])
    print ""
    for (i = 1; i <= num_machine; i++)
        print machine[i] (format == "markdown" ? "  " : "")
    for (i = 1; i <= num_rows; i++)
        if (peer[rows[i]] != "-")
            print rows[i] ": " peer[rows[i]] (format == "markdown" ? "  " : "")
}
