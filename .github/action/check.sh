#!/usr/bin/env bash
# Runs `portcullis check` for action.yaml: annotations to the log, a SARIF file,
# outputs `findings`, `sarif` and `exit-code`, and the exit status of the check.
#
# In the environment: BINARY, and the action's inputs as CHECK_PATH, CHECK_ARGS
# (both one a line), FAIL_ON, STRICT and SARIF.
set -euo pipefail

arguments=(check --output "github=$RUNNER_TEMP/portcullis.annotations" --fail-on "$FAIL_ON")
case $STRICT in
    true) arguments+=(--strict) ;;
    false) ;;
    *) echo "::error title=portcullis::strict is true or false, not '$STRICT'"; exit 2 ;;
esac
[ -z "$SARIF" ] || arguments+=(--output "sarif=$SARIF")
while IFS= read -r line; do
    [ -z "$line" ] || arguments+=("$line")
done <<<"$CHECK_ARGS"
arguments+=(--)
while IFS= read -r line; do
    [ -z "$line" ] || arguments+=("$line")
done <<<"$CHECK_PATH"

# A file from an earlier step must not pass for this run's.
rm -f "$RUNNER_TEMP/portcullis.annotations"
[ -z "$SARIF" ] || rm -f "$SARIF"

status=0
"$BINARY" "${arguments[@]}" || status=$?

findings=
if [ -f "$RUNNER_TEMP/portcullis.annotations" ]; then
    cat "$RUNNER_TEMP/portcullis.annotations"
    # A line a finding; grep's status is 1 where there is none.
    findings=$(grep -c '^::' "$RUNNER_TEMP/portcullis.annotations" || true)
fi
{
    echo "exit-code=$status"
    echo "findings=$findings"
    if [ -n "$SARIF" ] && [ -f "$SARIF" ]; then echo "sarif=$SARIF"; else echo "sarif="; fi
} >>"$GITHUB_OUTPUT"
exit "$status"
