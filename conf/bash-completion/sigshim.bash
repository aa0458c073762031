# SPDX-License-Identifier: BSD-2-Clause
#
# Bash completion for sigshim. The options are those of --help; `make lint`
# compares them.
# shellcheck shell=bash

# The names of all events, from the program itself.
_sigshim_events()
{
	"${COMP_WORDS[0]}" explain 2>/dev/null | awk '/^  [a-z_]/ { print $1 }'
}

_sigshim_rules()
{
	"${COMP_WORDS[0]}" explain --rules 2>/dev/null | awk '/^  [a-z]+-/ { print $1 }'
}

_sigshim_keys='event origin signal how ret errno pid tid host_pid host_tid comm exe uid function module caller since until run thread seq duration container image pod'

# Completes the last word from a list.
_sigshim_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

_sigshim_files()
{
	mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
	compopt -o filenames
}

_sigshim_signals()
{
	_sigshim_words "$(compgen -A signal | grep '^SIG[A-Z]')"
}

# A filter: its key, or the value after the =, which is a word of its own.
_sigshim_filter()
{
	case "$1" in
	event) _sigshim_words "$(_sigshim_events)" ;;
	signal) _sigshim_signals ;;
	how) _sigshim_words 'SIG_BLOCK SIG_UNBLOCK SIG_SETMASK' ;;
	origin) _sigshim_words 'wrapped syscall' ;;
	'')
		_sigshim_words "${_sigshim_keys// /= }="
		compopt -o nospace
		;;
	esac
}

# The argument of the option before the word. False when there is none.
_sigshim_argument()
{
	case "$1" in
	-L | -o | -s | -c | --log | --output | --socket | --config | --shim) _sigshim_files ;;
	--baseline | --suppressions | --report) _sigshim_files ;;
	--format)
		case $2 in
		run | check) _sigshim_words 'text json junit sarif tap' ;;
		*) _sigshim_words 'table jsonl csv tracee-v0 tracee-v1' ;;
		esac
		;;
	--severity) _sigshim_words 'note warning error' ;;
	--rules) [ "$2" != explain ] && _sigshim_words "$(_sigshim_rules)" ;;
	--count-by) _sigshim_words "$_sigshim_keys" ;;
	--stack) [ "$2" = run ] && _sigshim_words 'unwind fp none' ;;
	--transport) _sigshim_words 'ring socket' ;;
	--overflow) _sigshim_words 'drop block' ;;
	--events) _sigshim_words "$(_sigshim_events)" ;;
	--live) _sigshim_words "$(cd /proc && echo [0-9]*)" ;;
	*) return 1 ;;
	esac
}

_sigshim()
{
	local command=${COMP_WORDS[1]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options=
	local key=

	if [ "$COMP_CWORD" -eq 1 ]; then
		_sigshim_words 'run collect query blocked check explain verify doctor inject --help --version'
		return
	fi
	if [ "$word" = = ]; then
		key=$before
		COMP_WORDS[COMP_CWORD]=
	elif [ "$before" = = ]; then
		key=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if _sigshim_argument "${key:-$before}" "$command"; then
		return
	fi
	case $command in
		run) options='--output --stack --depth --events --transport --overflow --follow --shim --ring-size --verify --quiet --check --rules --severity --suppressions --gen-suppressions --baseline --format --report --require-complete --error-exitcode --help' ;;
		collect) options='--socket --log --config --socket-mode --ring-size --max-connections --verify --help' ;;
		query) options='--log --stack --follow --limit --reverse --count-by --format --sql --help' ;;
		blocked) options='--log --at --live --format --help' ;;
		check) options='--log --rules --severity --suppressions --gen-suppressions --baseline --format --report --require-complete --error-exitcode --help' ;;
		explain) options='--markdown --rules --help' ;;
		verify) options='--pid --cgroup --all --output --quiet --help' ;;
		doctor) options='--help' ;;
		inject) options='--shim --socket --env --output --undo --print-hook --compose --yes --help' ;;
	esac
	case $command:$word in
	*:-*) _sigshim_words "$options" ;;
	query:*) _sigshim_filter "$key" ;;
	blocked:*) _sigshim_signals ;;
	explain:*) _sigshim_words "$(_sigshim_events)" ;;
	run:* | verify:*) _sigshim_files ;;
	inject:*)
		if [ "$COMP_CWORD" -eq 2 ]; then
			_sigshim_words 'bundle oci-runtime oci-hook cdi env ld-so-preload'
		else
			_sigshim_files
		fi
		;;
	esac
}

complete -F _sigshim sigshim
