# SPDX-License-Identifier: BSD-2-Clause
#
# wire.h to Markdown: the paragraphs of its comments, and a table for each
# struct (with offsets, which it adds up itself), enum and group of constants.
# Run by docs/generate. Knows C as far as wire.h uses it.

BEGIN {
	size["uint8_t"] = 1; size["uint16_t"] = 2; size["uint32_t"] = 4; size["int32_t"] = 4
	size["uint64_t"] = 8; size["int64_t"] = 8
	print "<!-- SPDX-License-Identifier: BSD-2-Clause -->"
	print "<!-- Made from include/sigshim/wire.h by `make docs`. -->"
	print "# The wire format"
}

function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }

# Takes the trailing comment off `line` (a global) and returns it.
function take_comment(    at, text)
{
	at = index(line, "/*")
	if (!at)
		return ""
	text = substr(line, at + 2)
	sub(/\*\/.*/, "", text)
	line = substr(line, 1, at - 1)
	gsub(/\|/, "\\|", text)
	return trim(text)
}

# Ends a table, and prints the comment that stood before the next thing.
function flush_comment()
{
	if (comment != "")
		printf "\n%s", comment
	comment = ""
	was_code = defines = 0
}

function add_line(text, is_code)
{
	if (text != "" && is_code != was_code && comment != "" && comment !~ /\n\n$/)
		comment = comment "\n"
	comment = comment text "\n"
	was_code = is_code
}

function heading(kind, name)
{
	printf "\n### `%s %s`\n", kind, name
	flush_comment()
}

function print_member(type, name, note,    n, count, parts)
{
	count = 1
	if (match(name, /\[.*\]/)) {
		n = split(substr(name, RSTART + 1, RLENGTH - 2), parts, /[ -]+/)
		count = n == 2 ? parts[1] - parts[2] : parts[1]
	}
	if (name !~ /^pad/)
		printf "| %d | `%s` | `%s` | %s |\n", offset, name, type, note
	offset += size[type] * count
}

# "uint64_t start, end;" and its comment
function member(    note, type, names, n, i)
{
	note = take_comment()
	line = trim(line)
	sub(/;$/, "", line)
	if (line == "")
		return
	type = line
	if (line ~ /^struct /)
		sub(/ [a-z_]+$/, "", type)
	else
		sub(/ .*/, "", type)
	n = split(substr(line, length(type) + 2), names, /, */)
	for (i = 1; i <= n; i++)
		print_member(type, names[i], i == 1 ? note : "")
}

function enumerator(    note, name)
{
	note = take_comment()
	line = trim(line)
	sub(/,$/, "", line)
	if (line == "")
		return
	name = line
	if (match(line, /=/)) {
		name = trim(substr(line, 1, RSTART - 1))
		value = trim(substr(line, RSTART + 1)) + 0
	}
	printf "| %d | `%s` | %s |\n", value++, name, note
}

function constant(    note, name, rest)
{
	note = take_comment()
	sub(/^#define /, "", line)
	name = line
	if (line ~ /^[A-Z_]+\(/)
		sub(/\).*/, ")", name)
	else
		sub(/[ \t].*/, "", name)
	rest = trim(substr(line, length(name) + 1))
	if (rest == "")
		return
	if (comment != "")
		flush_comment()
	if (!defines++)
		print "\n| constant | value | |\n|---|---|---|"
	gsub(/\|/, "\\|", rest)
	printf "| `%s` | `%s` | %s |\n", name, rest, note
}

{ line = $0 }
/SPDX/ || /^#(if|endif|include)/ || /_H$/ || /^_Static_assert/ || /^\t.*<= SIGSHIM_MAX_FRAME_SIZE/ { next }

/^\/\*.*\*\/$/ { flush_comment(); comment = take_comment() "\n"; next }
/^\/\*$/ { flush_comment(); in_comment = 1; next }
in_comment && /^ \*\/$/ { in_comment = 0; next }
# Lines that the header indents are layouts: code blocks in Markdown.
in_comment && /^ \*   / { add_line("    " substr(line, 6), 1); next }
in_comment { sub(/^ \* ?/, "", line); add_line(line, 0); next }

/^enum .*{/ { heading("enum", $2); print "\n| value | name | |\n|---|---|---|"; value = 0; in_enum = 1; next }
/^struct .*{/ {
	name = $2; heading("struct", name); offset = 0; in_struct = 1
	print "\n| offset | field | type | |\n|---|---|---|---|"
	next
}
/^};/ {
	if (in_struct) {
		size["struct " name] = offset
		printf "\nSize: %d bytes.\n", offset
	}
	in_struct = in_enum = 0
	next
}
in_struct { member(); next }
in_enum { enumerator(); next }
/^#define/ { constant(); next }
