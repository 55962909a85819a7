#!/bin/sh
# Pushes packages through the gate, waits for the outcomes, and tells the CI system of them: docs/with-ci.md.
# It ends with the exit status of `countersign push`. All it takes are variables:
#
#   COUNTERSIGN_UPLOADS_BUCKET, COUNTERSIGN_RECORDS_BUCKET   the outputs of the stack
#   COUNTERSIGN_PACKAGES   what to push, one a line; nothing: all targets of countersign.toml
#   COUNTERSIGN_CONFIG     another file than countersign.toml
#   COUNTERSIGN_METADATA   NAME=VALUE, one a line
#   COUNTERSIGN_TIMEOUT    how long to wait; 15m
#   COUNTERSIGN_REPORTS    the folder for events.jsonl, junit.xml and countersign.env; countersign-reports
#   AWS_ROLE_ARN           the role to take on with a token of the CI system, in COUNTERSIGN_ID_TOKEN or, on GitHub,
#                          asked for here; nothing: the AWS credentials that are there anyway
set -eu

reports=${COUNTERSIGN_REPORTS:-countersign-reports}
events=$reports/events.jsonl
mkdir -p "$reports"
: >"$events"
secrets=$(mktemp -d)
trap 'rm -rf "$secrets"' EXIT

# The token of the CI system, in a file, which is where AWS's libraries look for it.
if [ -n "${AWS_ROLE_ARN:-}" ] && [ -z "${AWS_WEB_IDENTITY_TOKEN_FILE:-}" ]; then
  if [ -z "${COUNTERSIGN_ID_TOKEN:-}" ] && [ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ]; then
    # From standard input, so that the list of processes does not show it.
    answer=$(printf 'header = "authorization: bearer %s"\n' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" |
      curl --silent --show-error --fail --retry 3 --max-time 30 --config - \
        "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com") || answer=
    COUNTERSIGN_ID_TOKEN=$(printf '%s' "$answer" | sed -n 's/.*"value" *: *"\([^"]*\)".*/\1/p')
  fi
  if [ -z "${COUNTERSIGN_ID_TOKEN:-}" ]; then
    echo "countersign: there is no token to take on the role $AWS_ROLE_ARN with" >&2
    echo "  fix: on GitHub, give the job 'permissions: id-token: write'; on GitLab, 'id_tokens'" >&2
    exit 2
  fi
  umask 077
  printf '%s' "$COUNTERSIGN_ID_TOKEN" >"$secrets/token"
  export AWS_WEB_IDENTITY_TOKEN_FILE="$secrets/token"
  export AWS_ROLE_SESSION_NAME="${AWS_ROLE_SESSION_NAME:-countersign}"
  # The role that was named counts, not keys that happen to be there.
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE
fi

set -- --events "$events" --timeout "${COUNTERSIGN_TIMEOUT:-15m}"
if [ -n "${COUNTERSIGN_CONFIG:-}" ]; then
  set -- "$@" --config "$COUNTERSIGN_CONFIG"
fi
while IFS= read -r line; do
  [ -z "$line" ] || set -- "$@" --metadata "$line"
done <<EOF
${COUNTERSIGN_METADATA:-}
EOF
# What follows is no option, whatever it begins with.
set -- "$@" --
while IFS= read -r line; do
  [ -z "$line" ] || set -- "$@" "$line"
done <<EOF
${COUNTERSIGN_PACKAGES:-}
EOF

# GitHub's runner takes commands from what is printed, even from the middle of a line, and names of files in a
# package are printed. Until the token is printed, it takes none. One stream, so that nothing overtakes.
if [ "${GITHUB_ACTIONS:-}" = true ]; then
  token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  echo "::stop-commands::$token"
fi
status=0
countersign push "$@" 2>&1 || status=$?
if [ "${GITHUB_ACTIONS:-}" = true ]; then
  echo "::$token::"
fi

# How the uploads ended is what counts, also when a report cannot be written.
report() {
  countersign ci-report "$events" --status "$status" --to "$1" || true
}
report junit >"$reports/junit.xml"
report dotenv >"$reports/countersign.env"
if [ "${GITHUB_ACTIONS:-}" = true ]; then
  report annotations
  report markdown >>"$GITHUB_STEP_SUMMARY"
  report outputs >>"$GITHUB_OUTPUT"
fi
exit "$status"
