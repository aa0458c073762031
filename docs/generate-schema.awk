# SPDX-License-Identifier: BSD-2-Clause
#
# schema.sql to Markdown: its comments as they stand, a table of columns for
# each table, and the view as SQL. Run by docs/generate.

BEGIN {
	print "<!-- SPDX-License-Identifier: BSD-2-Clause -->"
	print "<!-- Made from collector/store/schema.sql by `make docs`. -->"
	print "# The log's schema"
}

function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }

function flush_comment()
{
	if (comment ~ /[^\n]/) {
		sub(/^\n+/, "", comment)
		printf "\n%s", comment
	}
	comment = ""
}

# Splits at commas outside parentheses into part[], returns how many.
function split_columns(text,    i, c, depth, n)
{
	n = 1
	part[1] = ""
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		depth += (c == "(") - (c == ")")
		if (c == "," && !depth)
			part[++n] = ""
		else
			part[n] = part[n] c
	}
	return n
}

function columns(text,    note, n, i, name, printed)
{
	if (match(text, /--/)) {
		note = trim(substr(text, RSTART + 2))
		gsub(/\|/, "\\|", note)
		text = substr(text, 1, RSTART - 1)
	}
	n = split_columns(trim(text))
	for (i = 1; i <= n; i++) {
		part[i] = trim(part[i])
		if (part[i] == "" || part[i] ~ /^(UNIQUE|PRIMARY) /)
			continue
		name = part[i]
		sub(/ .*/, "", name)
		printf "| `%s` | %s | %s |\n", name, substr(part[i], length(name) + 2), printed++ ? "" : note
	}
}

function open_table(name)
{
	printf "\n## `%s`\n", name
	flush_comment()
	print "\n| column | type | |\n|---|---|---|"
}

/^-- SPDX/ || /^PRAGMA/ { next }
/^--/ { sub(/^-- ?/, ""); comment = comment $0 "\n"; next }
/^$/ { if (!in_view) flush_comment(); next }
/^CREATE TABLE .*\);$/ {	# on one line
	open_table($3)
	sub(/^[^(]*\(/, "")
	sub(/\);$/, "")
	columns($0)
	next
}
/^CREATE TABLE/ { open_table($3); in_table = 1; next }
in_table && /^\)/ { in_table = 0; next }
in_table { columns($0); next }
/^CREATE VIEW/ { printf "\n## `%s`\n", $3; flush_comment(); print "\n```sql"; in_view = 1 }
in_view { print }
in_view && /;$/ { print "```"; in_view = 0; next }
