# Sourced by common.sh: settings files.
# Set here and used there, or the other way round:
# shellcheck shell=sh disable=SC2034,SC2154

# A settings file is read, never run: what a value says is taken apart by awk, not by a shell.
read_settings() {
    if [ ! -f "$1" ] || [ ! -r "$1" ]; then
        fail 2 "$1: cannot read this settings file"
    fi
    folder=$(dirname -- "$1")
    keys=' '
    line_number=0
    while IFS= read -r line || [ -n "$line" ]; do
        line_number=$((line_number + 1))
        line=${line%"$(printf '\r')"}
        line=${line#"${line%%[![:space:]]*}"}
        case $line in
        '' | '#'*) continue ;;
        [A-Z]*=*) ;;
        *) fail 2 "$1:$line_number: expected KEY=VALUE, found: $line" ;;
        esac
        key=${line%%=*}
        key=${key%"${key##*[![:space:]]}"}
        case $keys in
        *" $key "*) fail 2 "$1:$line_number: $key is given twice" ;;
        esac
        keys="$keys$key "
        kind=$(setting_kind "$key") || fail 2 "$1:$line_number: unknown key $key"
        value=$(setting_value "$kind" "${line#*=}") || fail 2 "$1:$line_number: $key: $value"
        # For $KEY in a later line.
        export "quern_setting_$key=$value"
        if [ "$kind" = path ]; then
            [ -n "$value" ] || fail 2 "$1:$line_number: $key has no value"
            value=$(path_within "$folder" "$value")
        fi
        take_setting "$key" "$value"
    done <"$1"
    for key in $keys; do
        unset "quern_setting_$key"
    done
}

# setting_kind KEY: prints path, words (options of a program) or text; 1 if there is no such key.
setting_kind() {
    case $1 in
    SOURCE | WORK_DIR | STORE | SWEEP) echo path ;;
    INGEST_OPTIONS | TRAIN_OPTIONS | EVALUATE_OPTIONS | SUBMIT_OPTIONS) echo words ;;
    NAME | SHARDS | ACCOUNT | PARTITION | NODES | TASKS_PER_NODE | MPI) echo text ;;
    TIME | INGEST_TIME | TRAIN_TIME | EVALUATE_TIME) echo text ;;
    THREADS | INGEST_THREADS | TRAIN_THREADS | EVALUATE_THREADS) echo text ;;
    MEMORY | INGEST_MEMORY | TRAIN_MEMORY | EVALUATE_MEMORY) echo text ;;
    *) return 1 ;;
    esac
}

# take_setting KEY VALUE: keeps what the command line has set already.
take_setting() {
    case $1 in
    NAME) : "${run_name=$2}" ;;
    SOURCE) : "${source=$2}" ;;
    WORK_DIR) : "${work_dir=$2}" ;;
    STORE) : "${store=$2}" ;;
    SWEEP) : "${sweep=$2}" ;;
    INGEST_OPTIONS) : "${ingest_options=$2}" ;;
    TRAIN_OPTIONS) : "${train_options=$2}" ;;
    EVALUATE_OPTIONS) : "${evaluate_options=$2}" ;;
    # For a scheduler: where there is none, they are read and left.
    SHARDS) : "${num_shards=$2}" ;;
    ACCOUNT) : "${account=$2}" ;;
    PARTITION) : "${partition=$2}" ;;
    TIME) : "${time=$2}" ;;
    INGEST_TIME) : "${ingest_time=$2}" ;;
    TRAIN_TIME) : "${train_time=$2}" ;;
    EVALUATE_TIME) : "${evaluate_time=$2}" ;;
    THREADS) : "${num_threads=$2}" ;;
    INGEST_THREADS) : "${ingest_threads=$2}" ;;
    TRAIN_THREADS) : "${train_threads=$2}" ;;
    EVALUATE_THREADS) : "${evaluate_threads=$2}" ;;
    MEMORY) : "${memory=$2}" ;;
    INGEST_MEMORY) : "${ingest_memory=$2}" ;;
    TRAIN_MEMORY) : "${train_memory=$2}" ;;
    EVALUATE_MEMORY) : "${evaluate_memory=$2}" ;;
    NODES) : "${num_nodes=$2}" ;;
    TASKS_PER_NODE) : "${tasks_per_node=$2}" ;;
    MPI) : "${mpi=$2}" ;;
    SUBMIT_OPTIONS) : "${submit_options=$2}" ;;
    esac
}

path_within() {
    case $1:$2 in
    .:* | *:/*) printf '%s\n' "$2" ;;
    *) printf '%s/%s\n' "$1" "$2" ;;
    esac
}

# setting_value KIND TEXT: prints what TEXT means: quotes, backslashes, $NAME, ${NAME}, ~ at its
# beginning and comments as in a shell, but no command is ever run.  Of words each is quoted anew, as
# split_words takes them.  1 if it means nothing; why is then printed instead.
setting_value() {
    quern_user=${USER:-$(id -un)} quern_kind=$1 quern_text=$2 LC_ALL=C awk '
        function refuse(reason) {
            print reason
            failed = 1
            exit 1
        }
        function add(text) {
            out = out blanks text
            blanks = ""
            in_word = 1
        }
        function end_word() {
            if (!in_word) return
            if (out == "" || out ~ /[^A-Za-z0-9_.\/,:=+@%-]/) {
                gsub(/\047/, "\047\\\047\047", out)
                out = "\047" out "\047"
            }
            line = line (num_words++ ? " " : "") out
            out = ""
            in_word = 0
        }
        # The variable whose name begins at i, behind the dollar; i is left on its last character.
        function variable(text,    name) {
            if (substr(text, i, 1) == "(")
                refuse("$(...) is not run: settings are read, not executed")
            if (match(substr(text, i), /^\{[A-Za-z_][A-Za-z_0-9]*\}/)) {
                name = substr(text, i + 1, RLENGTH - 2)
            } else if (substr(text, i, 1) == "{") {
                refuse("of ${...} only ${NAME} is known, found: " substr(text, i - 1))
            } else if (match(substr(text, i), /^[A-Za-z_][A-Za-z_0-9]*/)) {
                name = substr(text, i, RLENGTH)
            } else {
                i--
                return "$"
            }
            i += RLENGTH - 1
            if (("quern_setting_" name) in ENVIRON) return ENVIRON["quern_setting_" name]
            if (name == "USER") return ENVIRON["quern_user"]
            if (name in ENVIRON) return ENVIRON[name]
            refuse("the variable " name " is not set")
        }
        function double_quoted(text,    c, inside) {
            for (i++; i <= length(text); i++) {
                c = substr(text, i, 1)
                if (c == "\"") return inside
                if (c == "`") refuse("`...` is not run: settings are read, not executed")
                if (c == "\\" && substr(text, i + 1, 1) ~ /["\\$`]/) {
                    c = substr(text, ++i, 1)
                } else if (c == "$") {
                    i++
                    c = variable(text)
                }
                inside = inside c
            }
            refuse("a quote is not closed: " text)
        }
        function single_quoted(text,    end) {
            end = index(substr(text, i + 1), "\047")
            if (!end) refuse("a quote is not closed: " text)
            i += end
            return substr(text, i - end + 1, end - 1)
        }
        # is_raw: not quoted as a whole.
        function take(text, is_words, is_raw,    c) {
            for (i = 1; i <= length(text); i++) {
                c = substr(text, i, 1)
                if (c ~ /[ \t]/) {
                    if (is_words) end_word()
                    else if (in_word) blanks = blanks c
                } else if (c == "#" && is_raw && i > 1 && substr(text, i - 1, 1) ~ /[ \t]/) {
                    break
                } else if (c == "\"") {
                    num_quoted++
                    add(double_quoted(text))
                } else if (c == "\047") {
                    num_quoted++
                    add(single_quoted(text))
                } else {
                    num_plain++
                    if (c == "\\" && i < length(text)) add(substr(text, ++i, 1))
                    else if (c == "$" && is_raw) { i++; add(variable(text)) }
                    else if (c == "`" && is_raw)
                        refuse("`...` is not run: settings are read, not executed")
                    else if (c == "~" && is_raw && !in_word && substr(text, i + 1) ~ /^(\/|[ \t]|$)/) {
                        if (ENVIRON["HOME"] == "") refuse("the variable HOME is not set")
                        add(ENVIRON["HOME"])
                    }
                    else add(c)
                }
            }
        }
        BEGIN {
            take(ENVIRON["quern_text"], 0, 1)
            if (!failed && ENVIRON["quern_kind"] == "words") {
                # All in one pair of quotes: the words are inside.
                is_whole = num_quoted == 1 && num_plain == 0
                inside = out
                out = blanks = ""
                in_word = 0
                take(is_whole ? inside : ENVIRON["quern_text"], 1, !is_whole)
                if (!failed) end_word()
                out = line
            }
            if (failed) exit 1
            print out
        }'
}
