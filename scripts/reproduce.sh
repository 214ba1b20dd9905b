#!/usr/bin/env bash
# Runs the specs of the papers' tables and figures one after the other, goes on after a failure, and says at the end
# which have failed.
#
#   scripts/reproduce.sh p1-table2            as printed, for days on two cores
#   scripts/reproduce.sh p2-fig3 quick        its profile
#   scripts/reproduce.sh all quick            every recipe on phantoms, P1's on BUSI too where SEGLAB_DATA or datasets/ holds busi/
#
# SEGLAB is the program, else target/release/seglab; every spec that has the profile quick is a recipe.
set -uo pipefail
cd "$(dirname "$0")/.."

name=${1:?a spec of baselines/, or all}
profile=${2:-}
seglab=${SEGLAB:-${CARGO_TARGET_DIR:-target}/release/seglab}

with_profile() { grep -l "^\[profile\.$1\]" baselines/*.toml | sort -V; }

# each "spec profile"
if [ "$name" = all ]; then
    mapfile -t recipes < <(with_profile quick | sed "s/$/ $profile/")
    if [ "$profile" = quick ] && { [ -d "${SEGLAB_DATA:-datasets}/busi" ] || [ -d datasets/busi ]; }; then
        mapfile -t -O ${#recipes[@]} recipes < <(with_profile quick-busi | sed 's/$/ quick-busi/')
    fi
else
    recipes=("baselines/$name.toml $profile")
fi

began=$SECONDS
summary=()
failed=0
for recipe in "${recipes[@]}"; do
    read -r spec profile <<< "$recipe"
    what=$(basename "$spec" .toml)${profile:+@$profile}
    start=$SECONDS
    if "$seglab" run "$spec" ${profile:+--profile "$profile"} --headless; then
        word=finished
    else
        code=$?
        word="FAILED ($code)"
        failed=$((failed + 1))
        # Ctrl-C is meant for all of them.
        if [ "$code" -eq 130 ]; then
            summary+=("$(printf '%-24s stopped' "$what")")
            break
        fi
    fi
    summary+=("$(printf '%-24s %-12s %5d s' "$what" "$word" $((SECONDS - start)))")
done

printf '\n'
printf '%s\n' "${summary[@]}"
printf '%d of %d finished in %d min\n' $((${#summary[@]} - failed)) ${#recipes[@]} $(((SECONDS - began + 59) / 60))
exit $((failed > 0))
