# bash completion of carvectl                                -*- shell-script -*-
# SPDX-License-Identifier: GPL-2.0-or-later
# Commands and options as in carvectl --help; devices and entries as the running carved knows them.

# Handles and entry names, one a line. status writes one key a line.
_carvectl_devices() {
	carvectl "$@" status --json 2>/dev/null |
		sed -n 's/^ *"\(handle\|entry\)": "\([^"\\]\{1,\}\)",\{0,1\}$/\2/p' | sort -u
}

# Names of what a device is to have.
_carvectl_objects() {
	carvectl "$@" --json 2>/dev/null | sed -n 's/^ *"object": "\([^"\\]\{1,\}\)",\{0,1\}$/\1/p' | sort -u
}

_carvectl() {
	local cur prev word command='' device='' bus=() i
	COMPREPLY=()
	# Handles contain colons: a word ends at a space only.
	local line=${COMP_LINE:0:COMP_POINT} words
	read -ra words <<<"$line"
	if [[ $line == *[[:space:]] ]]; then words+=(''); fi
	cur=${words[-1]} prev=${words[-2]-}

	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		case $word in
		--bus=*) bus=("$word") ;;
		--bus) bus=("$word" "${words[++i]-}") ;;
		--confirm | --for | --timeout | --since | --boot | --journal) ((++i)) ;;
		--facts | --config-root) [[ $command != check ]] || ((++i)) ;;
		--output) ((++i)) ;;
		-*) ;;
		*) if [[ $command ]]; then device=${device:-$word}; else command=$word; fi ;;
		esac
	done

	local candidates=()
	if [[ $prev == --bus ]]; then
		candidates=(system user)
	elif [[ $cur == --bus=* ]]; then
		candidates=(--bus=system --bus=user)
	elif [[ $command == check && $prev == --config-root ]]; then
		mapfile -t candidates < <(compgen -d -- "$cur")
		compopt -o filenames
	elif [[ $prev == --output || $cur == --without=* || $cur == --with=* || $command == import && $cur != -* || $command == check && ($prev == --facts || $cur != -*) ]]; then
		mapfile -t candidates < <(compgen -f -- "$cur")
		compopt -o filenames
	elif [[ $cur == -* ]]; then
		candidates=(--json --bus= --help --version)
		case $command in
		status) candidates+=(--all --problems) ;;
		plan) candidates+=(--candidate --with= --without=) ;;
		diff) candidates+=(--with= --without=) ;;
		reload | rollback) candidates+=(--no-wait --yes --confirm=) ;;
		retry) candidates+=(--yes) ;;
		apply) candidates+=(--allow-reload) ;;
		wait) candidates+=(--for= --timeout=) ;;
		check) candidates+=(--facts --config-root) ;;
		capture) candidates+=(--facts) ;;
		resources) candidates+=(--watch) ;;
		history) candidates+=(--since= --boot= --journal=) ;;
		metrics) candidates+=(--output) ;;
		esac
	else
		case $command in
		'') candidates=(status plan reload confirm rollback configs diff apply retry pause resume wait check import capture explain resources history monitor metrics) ;;
		configs) candidates=(show) ;;
		explain)
			if [[ $device ]]; then
				mapfile -t candidates < <(_carvectl_objects "${bus[@]}" status "$device")
			else
				mapfile -t candidates < <(_carvectl_devices "${bus[@]}")
			fi
			;;
		status | plan | apply | retry | pause | resume | wait | capture | resources | history)
			mapfile -t candidates < <(_carvectl_devices "${bus[@]}")
			;;
		esac
	fi

	# What carved calls something is a word, whatever is in it; readline quotes names of files itself.
	if [[ $command != check && $command != import ]]; then
		for i in "${!candidates[@]}"; do printf -v "candidates[i]" %q "${candidates[i]}"; done
	fi

	# What readline takes for the word begins after the last colon or equals sign.
	local before=''
	if [[ $cur == *[:=]* && $COMP_WORDBREAKS == *:* ]]; then before=${cur%"${cur##*[:=]}"}; fi
	for word in "${candidates[@]}"; do
		if [[ $word == "$cur"* ]]; then COMPREPLY+=("${word#"$before"}"); fi
	done
	if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}

complete -F _carvectl carvectl
