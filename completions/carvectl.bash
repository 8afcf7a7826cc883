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

# The numbers of the configs that are kept.
_carvectl_configs() {
	local n
	n=$(carvectl "$@" configs --json 2>/dev/null | grep -c '"hash":') && seq 0 $((n - 1))
}

_carvectl() {
	local cur word command='' device='' bus=() i
	COMPREPLY=()
	# Handles contain colons: a word ends at a space only.
	local line=${COMP_LINE:0:COMP_POINT} words
	read -ra words <<<"$line"
	if [[ $line == *[[:space:]] ]]; then words+=(''); fi
	cur=${words[-1]}

	# The option whose value is completed, and what there is of that already.
	local last=$((${#words[@]} - 1)) option='' value=$cur files=''
	for ((i = 1; i < last; i++)); do
		word=${words[i]}
		case $word in
		--bus=*) bus=("$word") ;;
		--facts | --config-root) [[ $command != check ]] || option=$word ;;
		--bus | --confirm | --for | --timeout | --since | --boot | --journal | --output | --with | --without) option=$word ;;
		-*) ;;
		*) if [[ $command ]]; then device=${device:-$word}; else command=$word; fi ;;
		esac
		if [[ $option ]] && ((++i < last)); then
			[[ $option != --bus ]] || bus=(--bus "${words[i]}")
			option=''
		fi
	done
	if [[ ! $option && $cur == --*=* ]]; then option=${cur%%=*} value=${cur#*=}; fi
	case $option in
	--config-root | --journal) files=-d ;;
	--output | --facts | --without) files=-f ;;
	--with) files=-f value=${value#*=} ;;
	'') if [[ $cur != -* && ($command == import || $command == check) ]]; then files=-f; fi ;;
	esac

	local candidates=() typed=${cur%"$value"}
	if [[ $files ]]; then
		mapfile -t candidates < <(compgen $files -- "$value")
		compopt -o filenames
	elif [[ $option ]]; then
		case $option in
		--bus) candidates=(system user) ;;
		--for) candidates=(converged settled) ;;
		esac
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
		configs)
			case $device in
			'') candidates=(show) ;;
			show) mapfile -t candidates < <(_carvectl_configs "${bus[@]}") ;;
			esac
			;;
		rollback | diff) mapfile -t candidates < <(_carvectl_configs "${bus[@]}") ;;
		explain)
			if [[ $device ]]; then
				mapfile -t candidates < <(_carvectl_objects "${bus[@]}" status "$device")
			else
				mapfile -t candidates < <(_carvectl_devices "${bus[@]}")
			fi
			;;
		status | plan | apply | retry | pause | resume | wait | capture | resources | history)
			[[ $device ]] || mapfile -t candidates < <(_carvectl_devices "${bus[@]}")
			;;
		esac
	fi

	# What carved calls something is a word, whatever is in it; readline quotes names of files itself.
	if [[ ! $files ]]; then
		for i in "${!candidates[@]}"; do printf -v "candidates[i]" %q "${candidates[i]}"; done
	fi

	# What readline takes for the word begins after the last colon or equals sign.
	local before=''
	if [[ $cur == *[:=]* && $COMP_WORDBREAKS == *:* ]]; then before=${cur%"${cur##*[:=]}"}; fi
	for word in "${candidates[@]}"; do
		word=$typed$word
		if [[ $word == "$cur"* ]]; then COMPREPLY+=("${word#"$before"}"); fi
	done
	if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}

complete -F _carvectl carvectl
